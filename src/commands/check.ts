import { Alert24Client, type Answer } from '../alert24/alert24-client.ts';
import { describePage, judgeAnswer } from '../alert24/judge-answer.ts';
import { readServices, type Service } from '../alert24/read-services.ts';
import { detectCi } from '../ci/detect-ci.ts';
import type { Environment } from '../environment.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { NetworkFault } from '../network/network-fault.ts';
import { isExcepted, readExceptions } from '../network/proxy.ts';
import { isSuccess } from '../network/send-request.ts';
import { readCertificates, readTrustedCas } from '../network/trusted-cas.ts';
import { describeMissingApiKey } from '../report/messages.ts';
import { printResult, type ServiceResult } from '../report/result.ts';
import { ConfigurationError, InvalidChangeError, ReportedError } from '../reported-error.ts';
import type { GivenOptions } from '../settings/options.ts';
import { readSettings, type Settings } from '../settings/settings.ts';
import { findSimilar } from '../text/find-similar.ts';
import { parseJson, property } from '../text/json-value.ts';
import { truncate } from '../text/truncate.ts';
import { makeVisible, quote } from '../text/visible-text.ts';
import type { CommandContext } from './command-context.ts';
import { readJob } from './plan-deployment.ts';

const longestRequestMs = 10_000;
const longestShown = 100;

/**
 * Verifies the setup and records nothing: settings, proxy, CA, the key and its scope, and each service by its id.
 * Prints one line for each part. Throws a ReportedError with the exit code that a record would end with.
 */
export async function checkSetup(options: GivenOptions, context: CommandContext): Promise<ExitCode> {
	const { environment, log, door, key } = context;
	const read = readSettings({ environment, options, command: 'check', spellVariable: door.spellVariable });
	const { settings } = read;
	const ci = detectCi(environment);
	const problems = [...read.problems, ...read.proxyProblems, ...key.problems, ...door.problems];
	// Outside of a CI, nothing but a setting could name the environment.
	if (ci !== undefined) problems.push(...(await readJob(settings, context)).obstacles);
	if (!key.isSet) problems.push(describeMissingApiKey(ci?.apiKeyAdvice));
	if (problems.length > 0 || key.apiKey === undefined) throw new ConfigurationError([...problems, ...read.violations]);
	if (read.violations.length > 0) throw new InvalidChangeError(read.violations);
	log.result('Settings: valid');

	const serviceIds = [
		...new Set([...settings.serviceIds, ...[...settings.services.values()].flatMap((ids) => [...ids])]),
	];
	const client = openClient(settings, key.apiKey, context);
	log.result(`Address: ${settings.apiUrl.href}${describeProxy(settings, environment)}`);
	const services = await checkKey(client, serviceIds, settings, context);
	const unknown = checkServices(services, serviceIds, context);
	const exitCode = unknown.length > 0 ? exitCodes.refused : exitCodes.ok;
	const results = serviceIds.map((id) => describeService(id, services));
	printResult({ outcome: unknown.length > 0 ? 'refused' : 'checked', exit_code: exitCode, services: results }, log);
	if (unknown.length > 0) return exitCode;
	log.result('The setup works. Nothing was recorded.');
	return exitCodes.ok;
}

function openClient(settings: Settings, apiKey: string, context: CommandContext): Alert24Client {
	const { environment, log, redactor, signal } = context;
	const cas = readTrustedCas(environment, log);
	// Node itself reads the other file.
	const extra = readCertificates('NODE_EXTRA_CA_CERTS', environment, log);
	if (cas !== undefined) log.result(describeCas('SSL_CERT_FILE', environment));
	if (extra !== undefined) log.result(describeCas('NODE_EXTRA_CA_CERTS', environment));
	const redact = (text: string) => redactor.redact(text);
	return new Alert24Client({ apiUrl: settings.apiUrl, apiKey, proxyEnv: settings.proxyEnv, cas, signal, redact });
}

function describeCas(variable: string, environment: Environment): string {
	return `CA: the certificates in ${variable}, ${quote(environment[variable])}, are trusted`;
}

// The user name and password of the proxy are secrets.
function describeProxy({ proxyEnv, apiUrl }: Settings, environment: Environment): string {
	const proxy = proxyEnv['https_proxy'];
	if (proxy === undefined) return '';
	const exceptions = readExceptions(environment);
	if (isExcepted(proxyEnv, apiUrl)) return `, directly: NO_PROXY, ${quote(exceptions)}, excepts it`;
	const others = exceptions === undefined ? '' : ` (except for ${quote(exceptions)})`;
	return `, through the proxy ${new URL(proxy).host}${others}`;
}

/**
 * Checks that Alert24 accepts the key, and its scope. Returns the services if there are ids to search for; undefined if
 * Alert24 does not list them in time.
 */
async function checkKey(
	client: Alert24Client,
	serviceIds: readonly string[],
	{ budgetMs }: Settings,
	{ log, clock }: CommandContext,
): Promise<readonly Service[] | undefined> {
	const deadlineMs = clock.now() + budgetMs;
	const readLimits = () => {
		const limitMs = Math.min(longestRequestMs, deadlineMs - clock.now());
		if (limitMs <= 0) throw new NetworkFault(`the time of ${budgetMs / 1000} s is used up`);
		return { limitMs };
	};
	try {
		const list = await client.listChanges(0, readLimits());
		if (!isSuccess(list.status)) throw buildRejection(list);
		// A sign-in page also responds with 200, and a filter with 400.
		const isList = Array.isArray(property(parseJson(list.body), 'data'));
		if (!isList) throw buildDoubt({ ...list, body: client.redact(list.body) }, 'key');
		log.result('API key: accepted');
		const probe = await client.probeWriteScope(readLimits());
		// The probe is not a change: Alert24 rejects it with 400 if the key may record changes.
		if (probe.status !== 400) throw buildRejection(probe);
		const error = property(parseJson(probe.body), 'error');
		if (probe.requestId === undefined && (typeof error !== 'object' || error === null))
			throw buildDoubt(probe, 'scope');
		log.result('Scope: write');
		if (serviceIds.length === 0) return [];
	} catch (error) {
		if (error instanceof NetworkFault) throw new ReportedError(exitCodes.undelivered, error.message);
		throw error;
	}
	try {
		return await readServices(client, readLimits);
	} catch (error) {
		// A record does not need the list.
		if (error instanceof NetworkFault) return undefined;
		throw error;
	}
}

function buildDoubt({ status, body, requestId }: Answer, part: string): ReportedError {
	const reason = `the answer ${status} does not confirm the ${part}: ${describePage(body)}`;
	return new ReportedError(exitCodes.undelivered, `${reason} (request id ${requestId ?? 'not given'})`);
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
	serviceIds: readonly string[],
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
	if (service !== undefined) return `; did you mean ${show(service)}?`;
	const known = services.slice(0, 20).map(show);
	return known.length === 0 ? '; the organization has no services' : `; known services: ${known.join(', ')}`;
}

function show({ id, name }: Service): string {
	return makeVisible(`${truncate(id, longestShown)} (${truncate(name, longestShown)})`);
}
