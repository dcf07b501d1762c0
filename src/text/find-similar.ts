import { distance } from 'fastest-levenshtein';

/**
 * Returns the candidate that the user may have meant: the one with the fewest differences, at most a third of its
 * length.
 */
export function findSimilar(text: string, candidates: readonly string[]): string | undefined {
	const [best] = candidates
		.map((candidate) => ({ candidate, edits: distance(text.toLowerCase(), candidate.toLowerCase()) }))
		.filter(({ candidate, edits }) => edits <= candidate.length / 3)
		.sort((one, other) => one.edits - other.edits);
	return best?.candidate;
}
