import { once } from 'node:events';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { readProxySettings } from '../network/proxy.ts';
import { readTrustedCas } from '../network/trusted-cas.ts';
import { openRelayDelivery } from '../relay/open-relay-delivery.ts';
import { openGitlabJobs } from '../relay/read-gitlab-job.ts';
import { isPostgresUrl, listSecrets, type RelaySettings, RelaySettingsReader } from '../relay/relay-settings.ts';
import { openOutbox, startRelay } from '../relay/start-relay.ts';
import { printResult } from '../report/result.ts';
import { ConfigurationError } from '../reported-error.ts';
import { readApiUrl } from '../settings/read-api-url.ts';
import { SettingReader } from '../settings/setting-reader.ts';
import { quote } from '../text/visible-text.ts';
import type { CommandContext } from './command-context.ts';

/**
 * Receives webhooks and records their changes until a signal ends the process. With `isCheck`, only reads the settings
 * and the rules, and opens the store. Throws a ConfigurationError with every mistake before it listens.
 */
export async function serveRelay(isCheck: boolean, context: CommandContext): Promise<ExitCode> {
	const { log, clock, redactor, signal } = context;
	const { settings, sending } = readSettings(context);
	for (const secret of listSecrets(settings)) redactor.hide(secret);
	const outbox = await openOutbox(settings.store, () => clock.date());
	if (isCheck) {
		await outbox.end();
		log.result(`Valid: ${describe(settings)}`);
		printResult({ outcome: 'checked', exit_code: exitCodes.ok, services: [] }, log);
		return exitCodes.ok;
	}
	const { deliver, budgetMs } = openRelayDelivery(sending, context);
	const readJob = openJobs(settings, context);
	const relay = await startRelay({ settings, outbox, deliver, budgetMs, readJob, log, redactor, clock });
	log.notice(`Listening on ${relay.url}: ${describe(settings)}`);
	if (!signal.aborted) await once(signal, 'abort');
	log.notice('Stopping: no new events; the work in progress is finished or released');
	await relay.stop();
	log.notice('Stopped');
	return exitCodes.ok;
}

function openJobs({ gitlabUrl, gitlabToken }: RelaySettings, { environment, log, redactor, signal }: CommandContext) {
	if (gitlabToken === undefined) return undefined;
	const { proxyEnv } = readProxySettings(environment, new URL(gitlabUrl));
	const network = { proxyEnv, cas: readTrustedCas(environment, log), signal };
	return openGitlabJobs(gitlabUrl, gitlabToken, network, (text) => redactor.redactKeys(text), log);
}

function readSettings({ environment, door, key }: CommandContext) {
	const reader = new RelaySettingsReader(environment);
	const settings = reader.readAll();
	const { spellVariable } = door;
	const common = new SettingReader({ environment, options: {}, command: 'replay', spellVariable });
	const apiUrl = readApiUrl(common);
	const { proxyEnv, problems } = readProxySettings(environment, apiUrl);
	const { apiKey = '' } = key;
	const missing = key.isSet ? [] : ['ALERT24_API_KEY is not set: create a key with the scope write in Alert24'];
	const all = [...missing, ...key.problems, ...common.problems, ...problems, ...reader.problems];
	if (all.length > 0) throw new ConfigurationError(all);
	return { settings, sending: { apiUrl, apiKey, proxyEnv } };
}

function describe({ store, rules, gitlabSecrets, bitbucketSecrets }: RelaySettings): string {
	const count = (list: readonly unknown[], noun: string) => `${list.length} ${noun}${list.length === 1 ? '' : 's'}`;
	return [
		count(rules.rules, 'rule'),
		count(gitlabSecrets, 'GitLab secret'),
		count(bitbucketSecrets, 'Bitbucket secret'),
		isPostgresUrl(store) ? 'the store is PostgreSQL' : `the store is ${quote(store)}`,
	].join(', ');
}
