import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// Django serves dist/ under /static/web/, so every address in the built files starts there. No file comes from
// another host, and no script stands inside a page: the pages run under a Content-Security-Policy without exceptions
// for scripts.
export default defineConfig({
  base: "/static/web/",
  // One copy of each: GraphQL compares classes by identity, and React keeps its state in the module.
  resolve: { dedupe: ["graphql", "react", "react-dom"] },
  oxc: { jsx: { runtime: "automatic" } },
  worker: { format: "es" },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    // Not in a folder that starts with a dot: Django's collectstatic leaves those out.
    manifest: "manifest.json",
    // The code editor is one large part by nature; it is loaded by the GraphiQL page alone.
    chunkSizeWarningLimit: 3000,
    rolldownOptions: {
      // "use client" means something to servers that render React; we have none.
      onLog: (level, log, write) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") write(level, log);
      },
      input: {
        graphiql: fileURLToPath(new URL("graphiql.html", import.meta.url)),
        viewer: fileURLToPath(new URL("viewer.html", import.meta.url)),
      },
    },
  },
});
