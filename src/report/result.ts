import type { Change } from '../change/change-schema.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Log } from '../log/log.ts';

/** The end of one change. */
export type ChangeState = 'recorded' | 'already_recorded' | 'refused' | 'undelivered';

/** The end of one change, or a service that `check` looked for. An absent fact is an absent property. */
export type ServiceResult = Readonly<{
	/** The service of the change; absent: the organization. */
	service_id?: string;
	/**
	 * The end of the change, `undelivered` if it still waits; the last three are results of `check`: Alert24 lists the
	 * service, does not, or lists no services.
	 */
	state: ChangeState | 'known' | 'unknown' | 'unchecked';
	/** The name of a known service. */
	name?: string;
	/** Alert24's id of the change. */
	id?: string;
	/** The page of the change, if Alert24's response contains it. */
	url?: string;
	/** The id of the deployment in the CI. */
	external_id?: string;
	/** The requests that tried to record the change. */
	attempts?: number;
	/** The X-Request-Id of the last response. */
	request_id?: string;
	/** The reason why the change was not recorded. */
	reason?: string;
	/** The change is perhaps recorded, although no response and no list proved it. */
	may_be_recorded?: true;
}>;

/** The JSON object that `--output json` prints on stdout, the same for every command. */
export type Result = Readonly<{
	/** For several services: the worst of their states. */
	outcome:
		| ChangeState
		| 'nothing_to_record'
		| 'dry_run'
		| 'valid'
		| 'checked'
		| 'listed'
		| 'retried'
		| 'exported'
		| 'error';
	/** The exit code of the command. */
	exit_code: ExitCode;
	/** The message of an error, or the reason to record nothing. */
	reason?: string;
	/** One result for each service. */
	services: readonly ServiceResult[];
	/** The changes that a dry run did not send, or that `explain` would send. */
	changes?: readonly Change[];
}>;

/** Prints the result of a command if the user asked for JSON. */
export function printResult(result: Result, log: Log): void {
	if (log.isJson) log.resultJson(result);
}
