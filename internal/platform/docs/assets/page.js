"use strict";

(() => {
  // Swagger UI has a dark theme but leaves it to the page to choose it.
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const applyTheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  applyTheme();
  dark.addEventListener("change", applyTheme);

  const reference = document.getElementById("reference");
  SwaggerUIBundle({
    domNode: reference,
    url: reference.dataset.spec,
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    persistAuthorization: false,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
})();
