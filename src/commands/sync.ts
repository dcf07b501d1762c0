import { Alert24Client } from '../alert24/alert24-client.ts';
import { listRecordedChanges } from '../alert24/list-recorded-changes.ts';
import { buildChange } from '../change/build-change.ts';
import type { Change } from '../change/change-schema.ts';
import type { Overrides } from '../change/deployment.ts';
import { isLate, markRecordedLate } from '../change/mark-recorded-late.ts';
import { assertValidChange } from '../change/validate-change.ts';
import { gitlab } from '../ci/gitlab.ts';
import { readGitlabUrl } from '../ci/read-gitlab-url.ts';
import type { Environment } from '../environment.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { ListedDeploymentCompleter } from '../gitlab-api/complete-listed-deployment.ts';
import { findGroupName } from '../gitlab-api/find-deploy-job.ts';
import { type ExpectedRecord, findMissing } from '../gitlab-api/find-missing-deployments.ts';
import { type GitlabClient, LookupError } from '../gitlab-api/gitlab-client.ts';
import {
	countOlderDeployments,
	type GitlabProject,
	judgeDeployment,
	listDeployments,
	mostPages,
	toDeployment,
} from '../gitlab-api/list-deployments.ts';
import type { GitlabDeployment } from '../gitlab-api/payloads.ts';
import { readTrustedCas } from '../network/trusted-cas.ts';
import { deliverFolder, putIntoFolder, reportKept } from '../outbox/deliver-folder.ts';
import { FolderOutbox } from '../outbox/folder-outbox.ts';
import { describeChange, describeMissingApiKey } from '../report/messages.ts';
import { reportDeliveries } from '../report/report-deliveries.ts';
import { printResult } from '../report/result.ts';
import { ConfigurationError, InvalidChangeError, ReportedError } from '../reported-error.ts';
import type { GivenOptions } from '../settings/options.ts';
import { readSettings, type Settings } from '../settings/settings.ts';
import { quote } from '../text/visible-text.ts';
import type { CommandContext } from './command-context.ts';
import { openGitlab } from './open-gitlab.ts';

const hourMs = 3_600_000;
const windowMs = 24 * hourMs;
// A record can be older than the end of its deployment: a hook records before GitLab updates the deployment.
const recordMarginMs = hourMs;
const requestMs = 10_000;
const mostAtOnce = 4;
// The component has no such input: its job belongs to no environment.
const apiKeyAdvice = gitlab.apiKeyAdvice?.replace(' (component input environment_scope)', '');

/** A deployment that Alert24 does not have, as the change to record. */
type MissingChange = Readonly<{ change: Change; endedAt: Date }>;

/**
 * Records the deployments of the last 24 hours that are in GitLab and missing from Alert24; with a dry run, only
 * reports them. Throws a ReportedError if GitLab or Alert24 do not list what they have: then nothing is recorded,
 * because a record could be a second one.
 */
export async function syncDeployments(options: GivenOptions, context: CommandContext): Promise<ExitCode> {
	const { environment, log, clock, key, door } = context;
	const startedAtMs = clock.now();
	const now = clock.date();
	const read = readSettings({ environment, options, command: 'sync', spellVariable: door.spellVariable });
	const { settings } = read;
	const problems = [...read.problems, ...read.proxyProblems, ...key.problems, ...door.problems];
	if (!gitlab.isRunning(environment)) problems.push('sync runs in a GitLab CI/CD job: GITLAB_CI=true is missing');
	if (!key.isSet) problems.push(describeMissingApiKey(apiKeyAdvice));
	const client = openGitlab(context, { requestMs, totalMs: settings.budgetMs / 2 });
	if (typeof client === 'string' && problems.length === 0) problems.push(`sync reads GitLab's API: ${client}`);
	if (problems.length > 0 || typeof client === 'string' || key.apiKey === undefined) {
		throw new ConfigurationError([...problems, ...read.violations]);
	}
	if (read.violations.length > 0) throw new InvalidChangeError(read.violations);

	const since = new Date(now - windowMs);
	const { environments, overrides } = settings;
	const listed = await listFromGitlab(client, since, environments, context);
	const project = readProject(environment);
	const expected = listed.flatMap((one) => expectRecords(one, project, settings, context));
	const recorded = await listFromAlert24(key.apiKey, since, settings, context);
	const missing = findMissing(expected, recorded, project, overrides);
	const completer = new ListedDeploymentCompleter(client, project, listed);
	const changes = await buildMissingChanges(missing, completer, overrides, now);
	for (const line of completer.refusals) log.notice(line);

	const deployments = new Set(expected.map(({ listed: { id } }) => id)).size;
	const records = expected.length === deployments ? '' : `, ${expected.length} records`;
	const checked = `${describeCount(deployments)} of the last 24 h in GitLab${records}`;
	if (settings.isDryRun) {
		for (const { change } of changes) log.result(`Missing: ${describeChange(change)} (${change.external_id})`);
		log.result(`${checked}: ${expected.length - missing.length} recorded, ${missing.length} missing`);
		const printed = changes.map(({ change }) => change);
		printResult({ outcome: 'dry_run', exit_code: exitCodes.ok, services: [], changes: printed }, log);
		return exitCodes.ok;
	}
	log.result(`${checked}: ${expected.length - missing.length} already recorded, ${missing.length} to record`);
	if (changes.length === 0) {
		const reason = 'no deployment is missing from Alert24';
		printResult({ outcome: 'nothing_to_record', exit_code: exitCodes.ok, reason, services: [] }, log);
		return exitCodes.ok;
	}
	const outbox = new FolderOutbox(settings.undeliveredDir, clock);
	for (const { change, endedAt } of changes) await putIntoFolder(outbox, [change], endedAt, log);
	const budgetMs = settings.budgetMs - (clock.now() - startedAtMs);
	const delivery = { ...settings, budgetMs, apiKey: key.apiKey, dedupe: undefined, areLate: false };
	const deliveries = await deliverFolder(outbox, delivery, context);
	const exitCode = reportDeliveries(deliveries, log);
	reportKept(outbox, deliveries, settings.apiUrl, log);
	return exitCode;
}

function readProject(environment: Environment): GitlabProject {
	return {
		host: environment['CI_SERVER_FQDN'] ?? environment['CI_SERVER_HOST'] ?? '',
		id: environment['CI_PROJECT_ID'] ?? '',
		name: environment['CI_PROJECT_NAME'],
		path: environment['CI_PROJECT_PATH'],
		url: readGitlabUrl(environment, 'CI_PROJECT_URL'),
	};
}

async function listFromGitlab(
	client: GitlabClient,
	since: Date,
	environments: readonly string[],
	{ log }: CommandContext,
): Promise<readonly GitlabDeployment[]> {
	try {
		const [only, ...others] = environments;
		const { deployments, isTruncated } = await listDeployments(client, since, others.length > 0 ? undefined : only);
		const wanted = deployments.filter((one) => environments.length === 0 || environments.includes(one.environment));
		const oldest = deployments.at(-1)?.updatedAt ?? since.toISOString();
		const before = isTruncated ? new Date(oldest) : since;
		const counted = environments.length === 0 ? [undefined] : environments;
		const counts = await Promise.all(counted.map((one) => countOlderDeployments(client, before, one)));
		const older = counts.reduce((sum, count) => (sum === undefined || count === undefined ? undefined : sum + count));
		const limit = isTruncated ? `the limit of ${mostPages * 100} deployments` : 'the window of 24 h';
		if (older === undefined || older > 0) {
			log.notice(
				`Not compared: ${older === undefined ? 'the deployments' : describeCount(older)} that GitLab updated before ${before.toISOString()} (${limit})`,
			);
		}
		return wanted;
	} catch (error) {
		if (!(error instanceof LookupError)) throw error;
		const isRefused = error.status !== undefined && error.status < 500 && error.status !== 429;
		const code = isRefused ? exitCodes.configuration : exitCodes.undelivered;
		throw new ReportedError(code, `NOT COMPARED: GitLab does not list its deployments: ${error.message}`);
	}
}

async function listFromAlert24(apiKey: string, since: Date, settings: Settings, context: CommandContext) {
	const { environment, log, redactor, signal } = context;
	const { apiUrl, proxyEnv, budgetMs } = settings;
	const cas = readTrustedCas(environment, { notice: (text) => log.detail(text) });
	const redact = (text: string) => redactor.redact(text);
	const client = new Alert24Client({ apiUrl, apiKey, proxyEnv, cas, signal, redact });
	const oldest = new Date(since.getTime() - recordMarginMs);
	const recorded = await listRecordedChanges(client, oldest, { limitMs: budgetMs / 4, requestMs });
	if (recorded.kind === 'listed') return recorded.changes;
	const reason = `NOT COMPARED: Alert24 does not list its changes: ${recorded.reason}`;
	throw new ReportedError(exitCodes.undelivered, reason);
}

function expectRecords(
	listed: GitlabDeployment,
	project: GitlabProject,
	settings: Settings,
	{ log }: CommandContext,
): readonly ExpectedRecord[] {
	const verdict = judgeDeployment(listed);
	const name = `deployment ${listed.id} to ${quote(listed.environment)}`;
	if (verdict.kind === 'not started') log.detail(`Not recorded: ${name}: ${verdict.reason}`);
	if (verdict.kind !== 'ended') return [];
	if (verdict.outcome !== 'success' && !settings.shouldRecordFailures) {
		log.detail(`Not recorded: ${name}: its outcome is ${verdict.outcome}, and ALERT24_RECORD_FAILURES is not set`);
		return [];
	}
	const deployment = toDeployment(listed, verdict.outcome, project);
	return findServices(listed, settings).map((serviceId) => ({ listed, deployment, serviceId }));
}

function findServices({ job }: GitlabDeployment, { services, serviceIds }: Settings): readonly (string | undefined)[] {
	const ofJob = job && (services.get(job.name) ?? services.get(findGroupName(job.name)));
	if (ofJob !== undefined) return [...ofJob];
	return serviceIds.length > 0 ? serviceIds : [undefined];
}

async function buildMissingChanges(
	missing: readonly ExpectedRecord[],
	completer: ListedDeploymentCompleter,
	overrides: Overrides,
	now: number,
): Promise<readonly MissingChange[]> {
	const waiting = missing.toSorted((a, b) => a.listed.id - b.listed.id).entries();
	const changes: MissingChange[] = [];
	const work = async (): Promise<void> => {
		for (const [index, { listed, deployment, serviceId }] of waiting) {
			const completed = await completer.complete(listed, deployment);
			const change = buildChange(completed, overrides, serviceId);
			const endedMs = Date.parse(listed.job?.finishedAt ?? listed.updatedAt ?? '');
			const endedAt = new Date(Number.isNaN(endedMs) ? now : endedMs);
			const marked = isLate(endedAt, now) ? markRecordedLate(change, endedAt) : change;
			assertValidChange(marked);
			changes[index] = { change: marked, endedAt };
		}
	};
	await Promise.all(Array.from({ length: mostAtOnce }, work));
	return changes;
}

function describeCount(count: number): string {
	return count === 1 ? '1 deployment' : `${count} deployments`;
}
