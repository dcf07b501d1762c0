import { buildChange } from '../change/build-change.ts';
import type { Change } from '../change/change-schema.ts';
import type { Deployment, Overrides } from '../change/deployment.ts';
import { findViolations } from '../change/validate-change.ts';
import type { GitlabJobReference, ReportedDeployment, ReportedEvent } from './reported-event.ts';
import { matchRules, type Rule, type Rules } from './rules.ts';

/** The facts to build a change again with more knowledge. They can be stored as JSON. */
export type PlannedFacts = Readonly<{
	deployment: Deployment;
	overrides: Overrides;
	serviceId: string | undefined;
	/** True if the deployment counts only once an event or GitLab's API shows that it ran. */
	needsStart: boolean;
	job: GitlabJobReference | undefined;
}>;

/** A change to record. */
export type PlannedChange = Readonly<{
	change: Change;
	facts: PlannedFacts;
	/** The number of the rule. */
	rule: number;
	/** Changes of one lane are delivered one after another. */
	lane: string;
}>;

/** The result of an event, counted by these words in the metrics. */
export type EventResult = 'accepted' | 'ignored' | 'never_started' | 'unmatched' | 'invalid';

/** The plan for one deployment of an event. */
export type Plan =
	| Readonly<{ result: 'accepted'; changes: readonly PlannedChange[] }>
	| Readonly<{ result: Exclude<EventResult, 'accepted'>; reason: string; project: string }>;

/** Plans the changes of a reported deployment by the rules. */
function planDeployment(reported: ReportedDeployment, rules: Rules): Plan {
	const { names, deployment, hasRun } = reported;
	const { project } = names;
	const match = matchRules(names, rules);
	if (match.kind !== 'rule') return { result: match.kind, reason: match.reason, project };
	const { rule, environment } = match;
	const { outcome } = deployment;
	if (outcome !== 'success') {
		if (hasRun === 'no') return { result: 'never_started', reason: `the ${outcome} deployment never started`, project };
		if (!rule.shouldRecordFailures) {
			const reason = `the outcome is ${outcome} and rule ${rule.number} does not set record_failures`;
			return { result: 'ignored', reason, project };
		}
	}
	const complete = { ...applyRule(deployment, rule), environment };
	const overrides = buildOverrides(reported, rule);
	const serviceIds = rule.serviceIds.length > 0 ? rule.serviceIds : [undefined];
	const changes = serviceIds.map((serviceId) => ({
		change: buildChange(complete, overrides, serviceId),
		facts: {
			deployment: complete,
			overrides,
			serviceId,
			needsStart: outcome !== 'success' && hasRun === 'unknown',
			job: reported.job,
		},
		rule: rule.number,
		lane: JSON.stringify([project, environment]),
	}));
	const violations = changes.flatMap(({ change }) => findViolations(change)).map(({ message }) => message);
	if (violations.length > 0) return { result: 'invalid', reason: [...new Set(violations)].join('; '), project };
	return { result: 'accepted', changes };
}

/** Plans each deployment of an event; empty for an event that reports none. */
export function planEvent(event: ReportedEvent, rules: Rules): readonly Plan[] {
	return event.kind === 'deployments' ? event.deployments.map((reported) => planDeployment(reported, rules)) : [];
}

// The owner of a rule with this change type declares that the push deploys.
function applyRule(deployment: Deployment, { definition }: Rule): Deployment {
	const { change_type: changeType } = definition;
	const isDeployment = changeType === 'deployment' || changeType === 'rollback';
	return deployment.kind === 'push' && isDeployment ? { ...deployment, kind: changeType } : deployment;
}

function buildOverrides({ note }: ReportedDeployment, { definition }: Rule): Overrides {
	const { change_type: changeType, risk_level: riskLevel, tags = [], name } = definition;
	return {
		fields: {
			...(changeType !== undefined && changeType !== 'auto' && { change_type: changeType }),
			...(riskLevel !== undefined && { risk_level: riskLevel }),
			...(note !== undefined && { description: note }),
		},
		name,
		tags,
	};
}
