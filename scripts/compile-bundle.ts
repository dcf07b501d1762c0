// Records a deployment in a server of its own with the bundle in the folder given, and keeps the code that V8 compiled for that beside the bundle.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

const bundle = `${process.argv[2]}/alert24-notify.js`;
const server = createServer((request, response) => {
	request.resume().on('end', () => {
		response.writeHead(201, { 'content-type': 'application/json' }).end('{"data":{"id":"chg_1"}}');
	});
});
await once(server.listen(0, '127.0.0.1'), 'listening');
server.unref();

process.argv = [process.execPath, bundle];
process.env = {
	GITLAB_CI: 'true',
	CI_SERVER_FQDN: 'gitlab.com',
	CI_PROJECT_ID: '1',
	CI_PROJECT_NAME: 'shop',
	CI_PROJECT_URL: 'https://gitlab.com/group/shop',
	CI_COMMIT_SHA: '0123456789abcdef0123456789abcdef01234567',
	CI_COMMIT_BRANCH: 'main',
	CI_COMMIT_MESSAGE: "Merge branch 'topic' into 'main'\n\nSee merge request group/shop!1",
	CI_PIPELINE_ID: '1',
	CI_PIPELINE_URL: 'https://gitlab.com/group/shop/-/pipelines/1',
	GITLAB_USER_LOGIN: 'ann',
	ALERT24_DEPLOY_JOB: 'deploy',
	ALERT24_ENVIRONMENT: 'production',
	ALERT24_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
	ALERT24_API_KEY: 'not-a-key',
};
// What a collection throws away, and what is compiled further in another thread, would depend on the time that things take. V8 rejects code made
// under other flags than its own, so they are set back at the end.
const timing = ['flush-bytecode', 'sparkplug'];
for (const flag of timing) setFlagsFromString(`--no-${flag}`);
const script = new Script(readFileSync(bundle, 'latin1'));
script.runInThisContext();
process.once('beforeExit', () => {
	if ((process.exitCode ?? 0) !== 0) throw new Error(`the bundle ended with ${process.exitCode}`);
	for (const flag of timing) setFlagsFromString(`--${flag}`);
	writeFileSync(`${bundle}.cache`, script.createCachedData());
});
