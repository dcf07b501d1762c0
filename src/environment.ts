/** The variables of a run. An empty variable is an absent one: GitLab and Bitbucket hand over unset inputs as ''. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Takes `process.env` or a like object; gives it without its empty variables, every text well-formed Unicode. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
	const environment: Record<string, string> = Object.create(null);
	for (const [name, value] of Object.entries(variables)) {
		if (value !== undefined && value !== '') environment[name] = value.toWellFormed();
	}
	return environment;
}
