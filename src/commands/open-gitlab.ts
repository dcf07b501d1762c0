import { GitlabClient } from '../gitlab-api/gitlab-client.ts';
import { readGitlabAccess } from '../gitlab-api/read-deployment-query.ts';
import { readProxySettings } from '../network/proxy.ts';
import { readTrustedCas } from '../network/trusted-cas.ts';
import type { CommandContext } from './command-context.ts';

/** Returns a client of GitLab's API for the running job, or the reason why the job has no access. */
export function openGitlab(
	{ environment, log, redactor, signal }: Pick<CommandContext, 'environment' | 'log' | 'redactor' | 'signal'>,
	limits: Readonly<{ requestMs: number; totalMs: number }>,
): GitlabClient | string {
	const access = readGitlabAccess(environment);
	if ('missing' in access) return access.missing;
	const { proxyEnv, problems } = readProxySettings(environment, access.apiUrl);
	const [problem] = problems;
	if (problem !== undefined) return problem;
	// The runner passes the CA of a self-managed GitLab in CI_SERVER_TLS_CA_FILE. The delivery reports an unusable
	// SSL_CERT_FILE too.
	const variables = ['SSL_CERT_FILE', 'CI_SERVER_TLS_CA_FILE'] as const;
	const cas = readTrustedCas(environment, { notice: (text) => log.detail(text) }, variables);
	return new GitlabClient({
		...access,
		...limits,
		network: { proxyEnv, cas, signal },
		redact: (text) => redactor.redactKeys(text),
	});
}
