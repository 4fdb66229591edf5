/* The page follows the system's light or dark before its first paint; blocking on purpose, so that nothing flashes. */
(() => {
  "use strict";
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const show = (theme) => {
    document.documentElement.dataset.bsTheme = theme;
    document.dispatchEvent(new CustomEvent("pm:theme"));
  };
  const follow = () => show(system.matches ? "dark" : "light");
  follow();
  system.addEventListener("change", follow);
  window.addEventListener("beforeprint", () => show("light")); /* paper is white */
  window.addEventListener("afterprint", follow);
})();
