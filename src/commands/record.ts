import { buildChange, type Deployment } from '../change/build-change.ts';
import type { Change } from '../change/change-schema.ts';
import { redactChange } from '../change/redact-change.ts';
import { assertValidChange } from '../change/validate-change.ts';
import type { ReadCommit } from '../ci/git-commit.ts';
import { type DeliveryContext, deliverChanges } from '../delivery/deliver-changes.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { keepUndelivered, toUndelivered } from '../outbox/keep-undelivered.ts';
import { addOutputVariables, writeDotenvReport } from '../report/dotenv-report.ts';
import { describeLeftOut } from '../report/messages.ts';
import { reportDeliveries } from '../report/report-deliveries.ts';
import type { GivenOptions } from '../settings/options.ts';
import { readSettings, type Settings } from '../settings/settings.ts';
import type { Redactor } from '../text/redact.ts';
import { planDeployment } from './plan-deployment.ts';
import { printChanges } from './print-changes.ts';

/** What a command needs of the world. */
export type CommandContext = DeliveryContext & Readonly<{ redactor: Redactor; readCommit: ReadCommit }>;

/**
 * Records the deployment that the CI's variables tell of: reads the run, builds a change for each service, checks it, delivers it, reports.
 * Throws a ReportedError for whatever keeps it from trying.
 */
export async function recordDeployment(options: GivenOptions, context: CommandContext): Promise<ExitCode> {
	const { environment, log, redactor, readCommit } = context;
	const read = readSettings(environment, options);
	const { settings } = read;
	redactor.hide(settings.apiKey);
	log.isVerbose = settings.isVerbose;
	log.isJson = settings.output === 'json';
	// What an earlier run left there must not speak for this one, however it ends.
	if (settings.dotenvFile !== undefined) writeDotenvReport(settings.dotenvFile, [], log);

	const plan = await planDeployment(environment, read, readCommit);
	if (plan.kind === 'nothing') {
		log.result(plan.reason);
		tellLaterJobs(settings, [], context);
		log.summary({ outcome: 'nothing_to_record', exit_code: exitCodes.ok, reason: plan.reason, services: [] });
		return exitCodes.ok;
	}
	const changes = buildChanges(plan.deployment, redactor);
	for (const line of describeLeftOut(plan.deployment.run, changes[0])) log.notice(line);
	for (const change of changes) assertValidChange(change);
	if (plan.kind === 'print') {
		printChanges(changes, log);
		return exitCodes.ok;
	}
	const { dedupe = 'on-retry' } = settings;
	const deliveries = await deliverChanges(changes, { ...settings, dedupe, apiKey: plan.apiKey }, context);
	const exitCode = reportDeliveries(deliveries, log);
	tellLaterJobs(settings, deliveries, context);
	// Last, so that the message ends with the way to send it again.
	await keepUndelivered(settings, toUndelivered(deliveries, context.clock.date(), redactor), log);
	return exitCode;
}

function tellLaterJobs(
	settings: Settings,
	deliveries: readonly Delivery[],
	{ environment, log, redactor }: CommandContext,
): void {
	// A server may answer with anything, the key included.
	const redacted = deliveries.map(({ id, requestId, ...delivery }) => ({
		...delivery,
		id: id && redactor.redact(id),
		requestId: requestId && redactor.redact(requestId),
	}));
	if (settings.dotenvFile !== undefined) writeDotenvReport(settings.dotenvFile, redacted, log);
	addOutputVariables(environment, redacted, log);
}

function buildChanges(deployment: Deployment, redactor: Redactor): [Change, ...Change[]] {
	const build = (id: string | undefined) => redactChange(buildChange(deployment, id), redactor);
	const [first, ...others] = deployment.settings.serviceIds;
	return [build(first), ...others.map(build)];
}
