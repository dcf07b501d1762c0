/** A commit as git stores it. */
export type GitCommit = Readonly<{
	/** All digits of the commit. */
	sha: string;
	/** The whole message. */
	message: string;
}>;

/** The commit to read, and the place of its clone. */
export type CommitQuery = Readonly<{
	/** At least 7 digits of the commit, in lower or upper case. */
	sha: string;
	/** The directory that contains `.git`. */
	directory: string;
	/** The directories in which programs are searched, as in PATH. */
	searchPath: string | undefined;
}>;

/**
 * Reads a commit from git. Returns undefined without git, without a clone, and for a commit that a shallow clone lacks.
 */
export type ReadCommit = (query: CommitQuery) => Promise<GitCommit | undefined>;
