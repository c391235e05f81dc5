/** Everything that a page of an intranet needs; loading it defines the elements and heeds the frames. */

import { ShareloadBadge } from "./badge.js";
import { ShareloadCheck } from "./check.js";
import { dress, giveToken, heed } from "./frames.js";
import { ShareloadPolicy } from "./policy.js";

ShareloadPolicy.define("shareload-policy");
ShareloadCheck.define("shareload-check");
ShareloadBadge.define("shareload-badge");
heed(new URL(import.meta.url).origin);

export { ShareloadBadge, ShareloadCheck, ShareloadPolicy, dress, giveToken };
