import { buildChange } from '../change/build-change.ts';
import type { Change } from '../change/change-schema.ts';
import type { Deployment, Overrides } from '../change/deployment.ts';
import { extendExternalId } from '../change/external-id.ts';
import { assertValidChange } from '../change/validate-change.ts';
import { deliverChanges } from '../delivery/deliver-changes.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { keepUndelivered, toUndelivered } from '../outbox/keep-undelivered.ts';
import { describeOrigins } from '../report/describe-origins.ts';
import { addOutputVariables, writeDotenvReport } from '../report/dotenv-report.ts';
import { describeOmittedFacts } from '../report/messages.ts';
import { reportDeliveries } from '../report/report-deliveries.ts';
import { ConfigurationError } from '../reported-error.ts';
import type { GivenOptions } from '../settings/options.ts';
import { readSettings, type Settings } from '../settings/settings.ts';
import type { CommandContext } from './command-context.ts';
import { planDeployment } from './plan-deployment.ts';
import { printChanges } from './print-changes.ts';

/**
 * Records the deployment that the CI's variables report: reads the job, builds a change for each service, validates it, delivers it, reports
 * the result. Throws a ReportedError if a mistake prevents the delivery.
 */
export async function recordDeployment(options: GivenOptions, context: CommandContext): Promise<ExitCode> {
	const { environment, log, redactor, door, key } = context;
	const read = readSettings({ environment, options, command: 'record', spellVariable: door.spellVariable });
	read.problems.push(...key.problems, ...door.problems);
	const { settings } = read;
	const startedAtMs = context.clock.now();
	// A report that an earlier run left must not stand for this one, however it ends.
	if (settings.dotenvFile !== undefined) writeDotenvReport(settings.dotenvFile, [], log);

	if (!settings.isDryRun) for (const notice of door.notices) log.notice(notice);
	const plan = await planDeployment(read, context);
	if (plan.kind === 'nothing') {
		log.result(plan.reason);
		writeReports(settings, [], context);
		log.summary({ outcome: 'nothing_to_record', exit_code: exitCodes.ok, reason: plan.reason, services: [] });
		return exitCodes.ok;
	}
	const changes = buildChanges(plan.deployment, settings);
	for (const line of describeOmittedFacts(plan.deployment, changes[0])) log.notice(line);
	for (const change of changes) assertValidChange(change);
	for (const line of describeOrigins(changes[0], settings.overrides, plan.origins)) log.detail(line);
	if (plan.problems.length > 0 || (key.apiKey === undefined && !settings.isDryRun)) {
		throw new ConfigurationError(plan.problems);
	}
	if (settings.isDryRun || key.apiKey === undefined) {
		printChanges(changes, log);
		return exitCodes.ok;
	}
	const { dedupe = 'on-retry' } = settings;
	const budgetMs = settings.budgetMs - (context.clock.now() - startedAtMs);
	const deliveries = await deliverChanges(changes, { ...settings, budgetMs, dedupe, apiKey: key.apiKey }, context);
	const exitCode = reportDeliveries(deliveries, log);
	writeReports(settings, deliveries, context);
	// The message ends with the command that sends the changes again.
	await keepUndelivered(settings, toUndelivered(deliveries, context.clock.date(), redactor), log);
	return exitCode;
}

function writeReports(
	settings: Settings,
	deliveries: readonly Delivery[],
	{ environment, log, redactor }: CommandContext,
): void {
	// A server may answer with any text, the key included.
	const redacted = deliveries.map(({ id, requestId, ...delivery }) => ({
		...delivery,
		id: id && redactor.redact(id),
		requestId: requestId && redactor.redact(requestId),
	}));
	if (settings.dotenvFile !== undefined) writeDotenvReport(settings.dotenvFile, redacted, log);
	addOutputVariables(environment, redacted, log);
}

function buildChanges(deployment: Deployment, { overrides, serviceIds }: Settings): [Change, ...Change[]] {
	const [first, ...others] = serviceIds;
	if (first === undefined || others.length === 0) return [buildChange(deployment, overrides, first)];
	const build = (serviceId: string) => buildChange(deployment, overridesOf(overrides, serviceId), serviceId);
	return [build(first), ...others.map(build)];
}

// An external id set by hand is for all services: each service needs its own.
function overridesOf({ fields, ...overrides }: Overrides, serviceId: string): Overrides {
	const { external_id: given } = fields;
	if (given === undefined) return { fields, ...overrides };
	return { fields: { ...fields, external_id: extendExternalId(given, serviceId) }, ...overrides };
}
