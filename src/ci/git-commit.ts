/** What git tells of a commit. */
export type GitCommit = Readonly<{
	/** All its digits. */
	sha: string;
	/** The whole message. */
	message: string;
}>;

/** Which commit is meant, and where its clone is. */
export type CommitQuery = Readonly<{
	/** A commit's digits, at least 7, in lower or upper case; not always all of them. */
	sha: string;
	/** The directory that holds `.git`. */
	directory: string;
	/** Where programs are looked for, as in PATH. */
	searchPath: string | undefined;
}>;

/** Asks git for a commit. Undefined where it cannot tell: no git, no clone, no such commit in a shallow one. */
export type ReadCommit = (query: CommitQuery) => Promise<GitCommit | undefined>;
