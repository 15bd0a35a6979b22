// Loaded in <head> without defer, so the theme is set before the first paint.
// A chosen theme lies in a cookie, which the server reads; otherwise the system decides.
(() => {
  const root = document.documentElement;
  const asked = new URLSearchParams(location.search).get("theme");
  if (asked === "dark" || asked === "light") root.dataset.theme = asked;
  else if ("themeAuto" in root.dataset) {
    root.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
})();
