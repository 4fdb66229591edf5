"use strict";
window.addEventListener("DOMContentLoaded", () => {
  // Swagger has its own dark mode, by a class; the page's follows the system.
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", follow);
  follow();
  SwaggerUIBundle({
    url: "{{ schema_url|escapejs }}",
    dom_id: "#swagger-ui",
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    defaultModelsExpandDepth: -1,
    validatorUrl: null,
    requestInterceptor: (request) => {
      if (!["GET", undefined].includes(request.method) && request.credentials === "same-origin") {
        request.headers["{{ csrf_header_name|escapejs }}"] = "{{ csrf_token|escapejs }}";
      }
      return request;
    },
  });
});
