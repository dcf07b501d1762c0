import type { OtherId } from '../alert24/find-recorded-change.ts';
import { buildChange } from '../change/build-change.ts';
import type { Change } from '../change/change-schema.ts';
import type { Deployment, Overrides } from '../change/deployment.ts';
import { extendExternalId } from '../change/external-id.ts';
import { assertValidChange } from '../change/validate-change.ts';
import type { Clock } from '../delivery/clock.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { deliverFolder, describeReplay, putIntoFolder, reportKept } from '../outbox/deliver-folder.ts';
import { FolderOutbox } from '../outbox/folder-outbox.ts';
import { describeOrigins } from '../report/describe-origins.ts';
import { addOutputVariables, writeDotenvReport } from '../report/dotenv-report.ts';
import { describeOmittedFacts } from '../report/messages.ts';
import { reportDeliveries } from '../report/report-deliveries.ts';
import { printResult } from '../report/result.ts';
import { ConfigurationError } from '../reported-error.ts';
import type { GivenOptions } from '../settings/options.ts';
import { readSettings, type Settings } from '../settings/settings.ts';
import type { CommandContext } from './command-context.ts';
import { type Plan, planDeployment } from './plan-deployment.ts';
import { printChanges } from './print-changes.ts';

/**
 * Records the deployment that the CI's variables report: reads the job, builds a change for each service, validates it,
 * delivers it, reports the result. Throws a ReportedError if a mistake prevents the delivery.
 */
export async function recordDeployment(options: GivenOptions, context: CommandContext): Promise<ExitCode> {
	const { environment, log, clock, door, key } = context;
	const read = readSettings({ environment, options, command: 'record', spellVariable: door.spellVariable });
	const isChangeValid = read.problems.length === 0;
	read.problems.push(...read.proxyProblems, ...key.problems, ...door.problems);
	const { settings } = read;
	const startedAtMs = clock.now();
	// A report that an earlier run left must not stand for this one, however it ends.
	if (settings.dotenvFile !== undefined) writeDotenvReport(settings.dotenvFile, [], log);

	if (!settings.isDryRun) for (const notice of door.notices) log.notice(notice);
	const plan = await planDeployment(read, context);
	if (plan.kind === 'nothing') {
		log.result(plan.reason);
		writeReports(settings, [], context);
		const { reason } = plan;
		printResult({ outcome: 'nothing_to_record', exit_code: exitCodes.ok, reason, services: [] }, log);
		return exitCodes.ok;
	}
	const changes = buildChanges(plan.deployment, settings);
	for (const line of describeOmittedFacts(plan.deployment, changes[0])) log.notice(line);
	for (const change of changes) assertValidChange(change);
	for (const line of describeOrigins(changes[0], settings, plan.origins)) log.detail(line);
	if (settings.isDryRun) {
		if (plan.problems.length > 0) throw new ConfigurationError(plan.problems);
		printChanges(changes, log);
		return exitCodes.ok;
	}
	const outbox = new FolderOutbox(settings.undeliveredDir, clock);
	// Also if the key or the proxy is unusable: a mistake in the setup must not cost a week of deployments.
	if (isChangeValid) await putIntoFolder(outbox, changes, findEnd(plan.deployment, clock), log);
	if (plan.problems.length > 0 || key.apiKey === undefined) {
		throw new ConfigurationError([...plan.problems, ...describeReplay(outbox, changes.length, settings.apiUrl)]);
	}
	const budgetMs = settings.budgetMs - (clock.now() - startedAtMs);
	const delivery = {
		...settings,
		budgetMs,
		apiKey: key.apiKey,
		areLate: false,
		otherIds: findOtherIds(plan, changes, settings),
	};
	const deliveries = await deliverFolder(outbox, delivery, context);
	const exitCode = reportDeliveries(deliveries, log);
	writeReports(settings, deliveries, context);
	// The message ends with the command that sends the changes again.
	reportKept(outbox, deliveries, settings.apiUrl, log);
	return exitCode;
}

function writeReports(settings: Settings, deliveries: readonly Delivery[], { environment, log }: CommandContext): void {
	if (settings.dotenvFile !== undefined) writeDotenvReport(settings.dotenvFile, deliveries, log);
	addOutputVariables(environment, deliveries, log);
}

// The time at which the deployment ended, if the change is recorded later than that.
function findEnd({ job }: Deployment, clock: Pick<Clock, 'date'>): Date {
	const finishedAtMs = Date.parse(job?.finishedAt ?? '');
	return new Date(Number.isNaN(finishedAtMs) ? clock.date() : Math.min(finishedAtMs, clock.date()));
}

function buildChanges(deployment: Deployment, { overrides, serviceIds }: Settings): [Change, ...Change[]] {
	const [first, ...others] = serviceIds;
	if (first === undefined || others.length === 0) return [buildChange(deployment, overrides, first)];
	const build = (serviceId: string) => buildChange(deployment, overridesOf(overrides, serviceId), serviceId);
	return [build(first), ...others.map(build)];
}

/**
 * Returns the ids that a run without an answer of GitLab used for the same changes, by their external_id: a job that
 * runs again finds its record. An earlier attempt of the deploy job has the same id, but an earlier record.
 */
function findOtherIds(
	{ deployment, assumed }: Extract<Plan, { kind: 'record' }>,
	changes: readonly Change[],
	settings: Settings,
): ReadonlyMap<string | undefined, OtherId> {
	if ((deployment.outcome === 'success') !== (assumed.outcome === 'success')) return new Map();
	const since = new Date(deployment.job?.startedAt ?? Number.NaN);
	const others = buildChanges(assumed, settings);
	return new Map(changes.map(({ external_id: id }, index) => [id, { externalId: others[index]?.external_id, since }]));
}

// An external id set by hand is for all services: each service needs its own.
function overridesOf({ fields, ...overrides }: Overrides, serviceId: string): Overrides {
	const { external_id: given } = fields;
	if (given === undefined) return { fields, ...overrides };
	return { fields: { ...fields, external_id: extendExternalId(given, serviceId) }, ...overrides };
}
