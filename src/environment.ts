/** The variables of a run. An empty variable counts as absent: GitLab and Bitbucket pass unset inputs as ''. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns `process.env`, or a similar object, without its empty variables. Every text is well-formed Unicode. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
	const environment: Record<string, string> = Object.create(null);
	for (const [name, value] of Object.entries(variables)) {
		if (value !== undefined && value !== '') environment[name] = value.toWellFormed();
	}
	return environment;
}
