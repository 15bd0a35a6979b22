// Keeps the end of a growing log in view while "Follow" is on.
function follow() {
  for (const box of document.querySelectorAll("[data-follow]")) {
    const log = document.getElementById(box.dataset.follow);
    if (log && box.checked) log.scrollTop = log.scrollHeight;
  }
}
follow();
document.addEventListener("htmx:afterSettle", follow);
document.addEventListener("change", follow);
