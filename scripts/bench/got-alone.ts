import got from 'got';

// The same POST by the library that delivers, and nothing else.
const headers = { authorization: `Bearer ${process.env['ALERT24_API_KEY']}` };
const json = { summary: 'Deployed shop @ 1a2b3c4d', environment: 'production' };
void got
	.post(`${process.env['ALERT24_API_URL']}/api/v1/changes`, { headers, json, retry: { limit: 0 } })
	.then((answer) => process.stdout.write(`${answer.statusCode}\n`));
