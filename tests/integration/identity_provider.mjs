// A real identity provider (oidc-provider, certified) with people in memory, for test_identity_provider.py.
// `node identity_provider.mjs PORT REDIRECT_URI SECRET`. Whoever is sent here is signed in as `person` at once.
// POST /people sets who there is ({id: [groups]}) and who comes next; GET /asked counts requests by path.
import { createServer } from 'node:http';

const { default: Provider } = await import(
  new URL('../../dashboards/web/node_modules/oidc-provider/lib/index.js', import.meta.url)
);

const [port, redirectUri, secret] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
let people = {};
let person = '';
const asked = {};

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'watchfloor', client_secret: secret, redirect_uris: [redirectUri], response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token'],
    },
  ],
  claims: { openid: ['sub', 'groups'], profile: ['name', 'preferred_username'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  ttl: { AccessToken: 60, IdToken: 300, RefreshToken: 3600, Session: 3600, Grant: 3600, Interaction: 600 },
  cookies: { keys: ['for a test'] },
  findAccount: async (_ctx, id) =>
    people[id] && {
      accountId: id,
      claims: async () => ({ sub: id, groups: people[id], preferred_username: `${id}@city.example`, name: id.toUpperCase() }),
    },
});

async function interact(request, response) {
  const { prompt, params } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    await provider.interactionFinished(request, response, { login: { accountId: person } });
    return;
  }
  const grant = new provider.Grant({ accountId: person, clientId: params.client_id });
  grant.addOIDCScope('openid profile email');
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}

const answer = provider.callback();
createServer(async (request, response) => {
  const path = new URL(request.url, issuer).pathname;
  asked[path] = (asked[path] ?? 0) + 1;
  try {
    if (path === '/asked') {
      response.end(JSON.stringify(asked));
    } else if (path === '/people') {
      let body = '';
      for await (const piece of request) body += piece;
      ({ people, person } = JSON.parse(body));
      response.end('{}');
    } else if (path.startsWith('/interaction/')) {
      await interact(request, response);
    } else {
      await answer(request, response);
    }
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
}).listen(Number(port), '127.0.0.1', () => console.log('ready'));
