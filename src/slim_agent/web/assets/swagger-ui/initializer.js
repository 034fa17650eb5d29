window.addEventListener("DOMContentLoaded", () => {
  SwaggerUIBundle({
    url: document.querySelector("#swagger-ui").dataset.openapi,
    dom_id: "#swagger-ui",
    deepLinking: true,
    validatorUrl: null, // the public validator must not learn of this service
  });
});
