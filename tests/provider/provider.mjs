// Runs an OpenID provider: says in one line of JSON what it will be called, is told in one line who may sign in and
// which clients there are, says in one line that it listens, and ends when its input does.
// Later lines: {"twist": claims} changes what the next ID tokens say (null takes a claim out), {"rotate": true} lets them
// be signed by a new key, {"sign": claims, "header": header} answers a token of the provider's, {"asked": path} says how
// often a path was asked.
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'

import * as jose from 'jose'
import Provider from 'oidc-provider'

const listening = createServer()
await new Promise((done) => listening.listen(0, '127.0.0.1', done))
const { port } = listening.address()
const issuer = `http://127.0.0.1:${port}`
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`)
// Its notices are for whoever runs it in earnest, and our lines are read by a machine.
console.info = () => {}
say({ issuer })

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const { accounts, clients, audience, scopes } = JSON.parse((await lines.next()).value)

async function newKey(kid) {
  const { privateKey, publicKey } = await jose.generateKeyPair('RS256', { extractable: true })
  const named = { kid, use: 'sig', alg: 'RS256' }
  return { kid, privateKey, own: { ...(await jose.exportJWK(privateKey)), ...named }, open: { ...(await jose.exportJWK(publicKey)), ...named } }
}
const first = await newKey('first')
let key = first
let twist = {}
const asked = {}

const provider = new Provider(issuer, {
  clients,
  jwks: { keys: [first.own] },
  cookies: { keys: ['for tests'] },
  claims: { openid: ['sub', 'sid', 'employee_number', 'groups'], email: ['email', 'email_verified'], profile: ['preferred_username'] },
  conformIdTokenClaims: false,
  // Its own would tell nobody on loopback that a session is over.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  findAccount: (_ctx, id) => accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) },
  features: {
    backchannelLogout: { enabled: true },
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({ scope: scopes, audience, accessTokenFormat: 'jwt', accessTokenTTL: 600 }),
      useGrantedResource: () => false,
    },
  },
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId })
    grant.addOIDCScope('openid profile email')
    await grant.save()
    return grant
  },
})
const sign = (claims, header = {}) => new jose.SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: key.kid, ...header }).sign(key.privateKey)
provider.use(async (ctx, next) => {
  asked[ctx.path] = (asked[ctx.path] ?? 0) + 1
  await next()
  if (ctx.path === '/jwks' && key !== first) ctx.body = { keys: [...ctx.body.keys, key.open] }
  if (ctx.path === '/token' && ctx.body?.id_token && (key !== first || Object.keys(twist).length)) {
    const claims = { ...jose.decodeJwt(ctx.body.id_token), ...twist }
    for (const name of Object.keys(claims)) if (claims[name] === null) delete claims[name]
    ctx.body = { ...ctx.body, id_token: await sign(claims) }
  }
})
listening.on('request', provider.callback())
say({ listening: true })

for await (const line of { [Symbol.asyncIterator]: () => lines }) {
  const told = JSON.parse(line)
  if (told.twist) twist = told.twist
  if (told.rotate) key = await newKey(`key-${Date.now()}`)
  if (told.sign) say({ token: await sign(told.sign, told.header) })
  else if (told.asked) say({ asked: asked[told.asked] ?? 0 })
  else say({})
}
process.exit(0)
