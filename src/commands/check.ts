import { Alert24Client, type Answer } from '../alert24/alert24-client.ts';
import { judgeAnswer } from '../alert24/judge-answer.ts';
import { readServices, type Service } from '../alert24/read-services.ts';
import { detectCi } from '../ci/detect-ci.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { NetworkFault } from '../network/network-fault.ts';
import { isSuccess } from '../network/send-request.ts';
import { readTrustedCas } from '../network/trusted-cas.ts';
import { describeMissingApiKey } from '../report/messages.ts';
import { printResult, type ServiceResult } from '../report/result.ts';
import { ConfigurationError, ReportedError } from '../reported-error.ts';
import type { GivenOptions } from '../settings/options.ts';
import { readSettings, type Settings } from '../settings/settings.ts';
import { findSimilar } from '../text/find-similar.ts';
import { quote } from '../text/visible-text.ts';
import type { CommandContext } from './command-context.ts';

const longestRequestMs = 10_000;

/**
 * Verifies the setup and records nothing: settings, proxy, CA, the key and its scope, and each service by its id.
 * Prints one line for each part. Throws a ReportedError with the exit code that a record would end with.
 */
export async function checkSetup(options: GivenOptions, context: CommandContext): Promise<ExitCode> {
	const { environment, log, door, key } = context;
	const read = readSettings({ environment, options, command: 'check', spellVariable: door.spellVariable });
	const { settings } = read;
	const problems = [...read.problems, ...read.proxyProblems, ...key.problems, ...door.problems, ...read.violations];
	if (!key.isSet) problems.push(describeMissingApiKey(detectCi(environment)?.apiKeyAdvice));
	if (problems.length > 0 || key.apiKey === undefined) throw new ConfigurationError(problems);
	log.result('Settings: valid');

	const client = openClient(settings, key.apiKey, context);
	log.result(`Address: ${settings.apiUrl.href}${describeProxy(settings)}`);
	const services = await checkKey(client, settings, context);
	const unknown = checkServices(services, settings, context);
	const exitCode = unknown.length > 0 ? exitCodes.refused : exitCodes.ok;
	const results = settings.serviceIds.map((id) => describeService(id, services));
	printResult({ outcome: unknown.length > 0 ? 'refused' : 'checked', exit_code: exitCode, services: results }, log);
	if (unknown.length > 0) return exitCode;
	log.result('The setup works. Nothing was recorded.');
	return exitCodes.ok;
}

function openClient(settings: Settings, apiKey: string, context: CommandContext): Alert24Client {
	const { environment, log, redactor, signal } = context;
	const cas = readTrustedCas(environment, log);
	if (cas !== undefined)
		log.result(`CA: the certificates in SSL_CERT_FILE, ${quote(environment['SSL_CERT_FILE'])}, are trusted`);
	const redact = (text: string) => redactor.redact(text);
	return new Alert24Client({ apiUrl: settings.apiUrl, apiKey, proxyEnv: settings.proxyEnv, cas, signal, redact });
}

// The user name and password of the proxy are secrets.
function describeProxy({ proxyEnv }: Settings): string {
	const proxy = proxyEnv['https_proxy'] ?? proxyEnv['http_proxy'];
	return proxy === undefined ? '' : `, through the proxy ${new URL(proxy).host}${describeExceptions(proxyEnv)}`;
}

function describeExceptions({ no_proxy: exceptions }: Settings['proxyEnv']): string {
	return exceptions === undefined ? '' : ` (except for ${quote(exceptions)})`;
}

/**
 * Checks that Alert24 accepts the key, and its scope. Returns the services; undefined if Alert24 does not list them.
 */
async function checkKey(
	client: Alert24Client,
	settings: Settings,
	{ log }: CommandContext,
): Promise<readonly Service[] | undefined> {
	const limits = { limitMs: Math.min(longestRequestMs, settings.budgetMs / 3) };
	try {
		const list = await client.listChanges(0, limits);
		if (!isSuccess(list.status)) throw buildRejection(list);
		log.result('API key: accepted');
		const probe = await client.probeWriteScope(limits);
		// The probe is not a change: Alert24 rejects it with 400 if the key may record changes.
		if (probe.status !== 400) throw buildRejection(probe);
		log.result('Scope: write');
		return await readServices(client, limits);
	} catch (error) {
		if (error instanceof NetworkFault) throw new ReportedError(exitCodes.undelivered, error.message);
		throw error;
	}
}

function buildRejection(answer: Answer): ReportedError {
	const verdict = judgeAnswer(answer);
	const suffix = ` (request id ${answer.requestId ?? 'not given'})`;
	if (verdict.kind === 'recorded') {
		return new ReportedError(exitCodes.fault, `Alert24 accepted a change without a summary${suffix}`);
	}
	const isRefused = verdict.kind === 'refused';
	return new ReportedError(isRefused ? exitCodes.refused : exitCodes.undelivered, verdict.reason + suffix);
}

/** Prints each service with its name, and returns the ids that Alert24 does not list. */
function checkServices(
	services: readonly Service[] | undefined,
	{ serviceIds }: Settings,
	{ log }: CommandContext,
): string[] {
	if (serviceIds.length === 0) log.result('Service: none, so changes belong to the organization');
	else if (services === undefined) log.notice('Alert24 did not list its services, so the service ids are not checked');
	return serviceIds.filter((id) => {
		const service = services?.find((known) => known.id === id);
		if (service !== undefined) log.result(`Service: ${id} is ${quote(service.name)}`);
		if (services === undefined || service !== undefined) return false;
		log.failure(`${id} is not known${suggestService(id, services)}`);
		return true;
	});
}

function describeService(id: string, services: readonly Service[] | undefined): ServiceResult {
	const service = services?.find((known) => known.id === id);
	if (service !== undefined) return { service_id: id, state: 'known', name: service.name };
	return { service_id: id, state: services === undefined ? 'unchecked' : 'unknown' };
}

function suggestService(id: string, services: readonly Service[]): string {
	const byId = findSimilar(
		id,
		services.map((service) => service.id),
	);
	const byName = findSimilar(
		id,
		services.map((service) => service.name),
	);
	const service = services.find((known) => known.id === byId) ?? services.find((known) => known.name === byName);
	if (service !== undefined) return `; did you mean ${service.id} (${service.name})?`;
	const known = services.slice(0, 20).map(({ id: knownId, name }) => `${knownId} (${name})`);
	return known.length === 0 ? '; the organization has no services' : `; known services: ${known.join(', ')}`;
}
