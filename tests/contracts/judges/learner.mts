// A learner's way through a course by the generated TypeScript types; prints the certificate that comes of it.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.d.ts";

const [baseUrl, cookie, key] = process.argv.slice(2) as [string, string, string];
const learner = createClient<paths>({ baseUrl, headers: { Cookie: cookie, Origin: baseUrl } });
const hr = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
const employee_number = "E-2";

function had<T>(answer: { data?: T; error?: { detail?: string | null } }): T {
  if (answer.data === undefined) throw new Error(answer.error?.detail ?? "no answer");
  return answer.data;
}

const enrolled: components["schemas"]["EnrolmentOut"] = had(
  await hr.POST("/v1/enrolments", { body: { course: "answering", employee_number } }),
);
const enrolment = enrolled.id;
had(
  await learner.POST("/v1/enrolments/{enrolment}/lessons/{module}/completion", {
    params: { path: { enrolment, module: "listen" } },
  }),
);
const sitting = had(
  await learner.POST("/v1/enrolments/{enrolment}/attempts", { params: { path: { enrolment } }, body: {} }),
);
for (const item of sitting.items) {
  const right = item.options?.find((option) => option.text.startsWith("right"));
  if (!right) throw new Error("nothing is right");
  had(
    await learner.PUT("/v1/attempts/{attempt}/answers/{item}", {
      params: { path: { attempt: sitting.id, item: item.id } },
      body: { options: [right.id] },
    }),
  );
}
const result = had(
  await learner.POST("/v1/attempts/{attempt}/submission", { params: { path: { attempt: sitting.id } } }),
);
if (!result.passed) throw new Error("not passed");
had(
  await learner.POST("/v1/policies/{key}/versions/{number}/acknowledgements", {
    params: { path: { key: "social-media", number: 1 } },
    headers: { Prefer: "wait=20" },
    body: {},
  }),
);
const { items } = had(
  await hr.POST("/v1/certificate-statuses", {
    body: { employee_numbers: [employee_number], certification: "responder" },
  }),
);
console.log(JSON.stringify(items[0]));
