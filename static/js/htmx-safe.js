/* htmx under our rules: no eval, no hx-on, no scripts from fragments, our CSRF header, errors as a toast.
   Loaded after htmx and before it starts (both deferred); the page's htmx-config allows this extension only. */
(() => {
  "use strict";
  const refuse = function () { throw new Error("pmtool: expressions in htmx attributes are not allowed"); };
  const isScriptUrl = (url) => /^\s*(js|javascript):/i.test(url ?? "");
  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
  const isSafe = (method) => ["GET", "HEAD", "OPTIONS", "TRACE"].includes(method);

  /** The sentence of a refused request: plain text, JSON {message}, or an element marked data-message. */
  function sentence(ctx) {
    const type = ctx.response.headers.get("Content-Type") ?? "";
    const text = ctx.text ?? "";
    if (type.startsWith("text/plain") && text.length < 500) return text;
    if (type.includes("json")) { try { const body = JSON.parse(text); return body.message ?? body.detail; } catch { return null; } }
    return new DOMParser().parseFromString(text, "text/html").querySelector("[data-message]")?.textContent.replace(/\s+/g, " ").trim();
  }

  window.htmx.registerExtension("pm-safe", {
    init: (api) => api.initSecurity(null, refuse, refuse),
    htmx_before_on_init: () => false,
    htmx_config_request: (element, detail) => {
      const { request } = detail.ctx;
      if (isScriptUrl(request.action) || isScriptUrl(detail.ctx.confirm)) return false;
      if (new URL(request.action, document.baseURI).origin !== window.location.origin) return false;
      if (!isSafe(request.method)) request.headers["X-CSRFToken"] = meta("csrf-token");
      return true;
    },
    htmx_after_request: (element, detail) => {
      const { ctx } = detail;
      /* the session ended: the answer is the sign-in page, which must not land in a corner of this one */
      if (ctx.text?.includes('name="pm-entrance"')) { window.location.reload(); return false; }
      return true;
    },
    htmx_before_swap: (element, detail) => {
      for (const task of detail.tasks) {
        for (const script of task.fragment?.querySelectorAll?.("script") ?? []) {
          if (script.type !== "application/json") script.remove();
        }
      }
      return true;
    },
    htmx_response_error: (element, detail) => {
      const { ctx } = detail;
      if ([409, 422].includes(ctx.response.status)) return true; /* these carry a form or both versions, and are shown in place */
      window.pmToast(sentence(ctx) || meta("pm-error-server"), "error");
      return true;
    },
    htmx_error: (element, detail) => {
      console.error(detail.error);
      window.pmToast(meta("pm-error-network"), "error");
      return true;
    },
  });
})();
