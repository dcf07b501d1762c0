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
	// The runner passes the CA of a self-managed GitLab in this file.
	const SSL_CERT_FILE = environment['SSL_CERT_FILE'] ?? environment['CI_SERVER_TLS_CA_FILE'];
	// The delivery reports an unusable file too.
	const cas = readTrustedCas({ ...environment, SSL_CERT_FILE }, { notice: (text) => log.detail(text) });
	return new GitlabClient({
		...access,
		...limits,
		network: { proxyEnv, cas, signal },
		redact: (text) => redactor.redactKeys(text),
	});
}
