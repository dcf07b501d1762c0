import { blanks, dropFromEnd } from '../text/trim-text.ts';

/** The project whose merge requests count: a message may quote another project's. */
export type ReferencedProject = Readonly<{ path: string | undefined; url: string | undefined }>;

const lineStart = 'See merge request ';

/**
 * Finds the number of the merge request that a commit message names as its origin, as GitLab's commit templates write
 * it (https://docs.gitlab.com/user/project/merge_requests/commit_templates/): the last line `See merge request
 * <reference>`, else a subject that ends in `(!123)`. The last line counts, because a revert quotes the one that it
 * reverts above its own.
 */
export function findMergeRequestNumber(message: string, project: ReferencedProject): string | undefined {
	const lines = message.split('\n').map((line) => dropFromEnd(line, blanks));
	for (const line of lines.toReversed()) {
		const number = line.startsWith(lineStart) && numberOfReference(line.slice(lineStart.length), project);
		if (number) return number;
	}
	const reference = /\(([^ \t\v\f\r()]+)\)$/.exec(lines[0] ?? '')?.[1];
	return reference?.includes('!') ? numberOfReference(reference, project) : undefined;
}

/**
 * Finds the number of the merge request in the ref of its pipelines, such as `refs/merge-requests/12/head`
 * (https://docs.gitlab.com/ci/pipelines/merge_request_pipelines/).
 */
export function findMergeRequestNumberInRef(ref: string | undefined): string | undefined {
	return /^refs\/merge-requests\/([1-9]\d{0,19})\//.exec(ref ?? '')?.[1];
}

// `!12`, `group/project!12` or `https://host/group/project/-/merge_requests/12`
function numberOfReference(reference: string, project: ReferencedProject): string | undefined {
	if (/[ \t\v\f\r]/.test(reference)) return undefined;
	const short = /^(.*)!([1-9]\d{0,19})$/.exec(reference);
	if (short) return short[1] === '' || short[1] === project.path ? short[2] : undefined;
	const prefix = project.url && `${project.url}/-/merge_requests/`;
	const number = prefix && reference.startsWith(prefix) ? reference.slice(prefix.length) : '';
	return /^[1-9]\d{0,19}$/.test(number) ? number : undefined;
}
