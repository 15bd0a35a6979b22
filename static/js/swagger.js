// Swagger UI over this instance's schema; it sends the session's form token with what changes something.
const box = document.getElementById("swagger");
const root = document.documentElement;

function follow() { root.classList.toggle("dark-mode", root.dataset.theme === "dark"); }

window.SwaggerUIBundle({
  url: box.dataset.schema,
  domNode: box,
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    if (new URL(request.url, location.href).origin === location.origin) {
      request.headers["X-CSRFToken"] = document.querySelector("meta[name=csrf-token]").content;
    }
    return request;
  },
});
follow();
new MutationObserver(follow).observe(root, { attributeFilter: ["data-theme"] });
