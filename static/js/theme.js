/* The page follows the system's light or dark before its first paint; blocking on purpose, so that nothing flashes. */
(() => {
  "use strict";
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    document.documentElement.dataset.bsTheme = system.matches ? "dark" : "light";
    document.dispatchEvent(new CustomEvent("pm:theme"));
  };
  apply();
  system.addEventListener("change", apply);
})();
