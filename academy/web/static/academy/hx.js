// htmx under the security policy: one Trusted Types policy, no evaluation at all, scripts in swapped HTML stay inert.
const rules = { createHTML: (html) => html, createScript: () => "" };
const policy = window.trustedTypes?.createPolicy("htmx", rules) ?? rules;
function Refused() { throw new Error("expressions are switched off"); }
htmx.registerExtension("academy", { init: (api) => api.initSecurity(policy, Refused, Refused) });
