import type { ReadCommit } from '../ci/git-commit.ts';
import type { DeliveryContext } from '../delivery/open-delivery.ts';
import type { ReadApiKey } from '../settings/read-api-key.ts';
import type { FrontDoor } from './front-door.ts';

/** The world of a command. */
export type CommandContext = DeliveryContext & Readonly<{ readCommit: ReadCommit; door: FrontDoor; key: ReadApiKey }>;
