// Runs a small Bluesky network: says in one line of JSON where it is, ends when its input does.
// A line {"backfill_ms": n} changes how far back the stream's past can be read.
import { createInterface } from 'node:readline'

// By its file: the package's entry would load the whole app view, which is not part of this network.
import { TestNetworkNoAppView } from './node_modules/@atproto/dev-env/dist/network-no-appview.js'

const network = await TestNetworkNoAppView.create({})
console.log(JSON.stringify({ pds: network.pds.url, plc: network.plc.url }))
for await (const line of createInterface({ input: process.stdin })) {
  const { backfill_ms } = JSON.parse(line)
  network.pds.ctx.cfg.subscription.repoBackfillLimitMs = backfill_ms
  console.log(JSON.stringify({ backfill_ms }))
}
await network.close()
process.exit(0)
