"use strict";
window.addEventListener("DOMContentLoaded", () => {
  // Swagger has its own dark mode, by a class; the page's follows the system.
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", follow);
  follow();
  const accessible = () => ({
    wrapComponents: {
      // The page says its name itself: Swagger's own title would be a second first heading.
      InfoContainer: () => () => null,
      // Swagger puts a link into the button that opens an operation; opening it changes the address anyway.
      DeepLink: () => ({ text }) => text,
    },
  });
  SwaggerUIBundle({
    url: "{{ schema_url|escapejs }}",
    dom_id: "#swagger-ui",
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [accessible],
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
