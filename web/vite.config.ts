import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";
import { scopes } from "./scopes";

// Two builds share dist/: `app` is the front, `tools` the pages of GraphiQL and of the slide viewer, which change
// rarely, take long, and would share their small parts with the front in files of their own.
const PAGES: Record<string, Record<string, string>> = {
  app: { app: "index.html" },
  tools: { graphiql: "graphiql.html", viewer: "viewer.html" },
};

// What every screen needs comes in one file, whoever else needs it: on a slow line each further one costs a wait.
const FRAME =
  /\/src\/(app|kit|net|words)\/|\/src\/screens\/(case\/(labels|marks|usual)|worklist\/(last|view|words))\.|\/src\/operations\.ts|node_modules\/(preact|@preact)\/|rolldown\/runtime|vite\/preload-helper/;

/** Every script and style also compressed, beside itself: the server hands out what the browser takes. */
const compressed: Plugin = {
  name: "compressed",
  writeBundle({ dir = "" }) {
    const folder = join(dir, "assets");
    for (const name of readdirSync(folder).filter((one) => /\.(js|css|svg)$/.test(one))) {
      const content = readFileSync(join(folder, name));
      if (content.length < 1000 || existsSync(join(folder, `${name}.br`))) continue; // the hash in the name vouches for it
      const quality = content.length > 200_000 ? 9 : 11; // the last step takes seconds for megabytes
      writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
      writeFileSync(
        join(folder, `${name}.br`),
        brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }),
      );
    }
  },
};

// Django serves dist/ under /static/web/, so every address in the built files starts there. No file comes from
// another host, and no script stands inside a page: the pages run under a Content-Security-Policy without exceptions
// for scripts.
export default defineConfig(({ mode }) => ({
  base: "/static/web/",
  // One copy of each: GraphQL compares classes by identity, and React keeps its state in the module.
  resolve: { dedupe: ["graphql", "react", "react-dom"] },
  // Preact for the front; the GraphiQL page says at the head of its files that it is React's.
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  worker: { format: "es" },
  plugins: [scopes, compressed],
  build: {
    outDir: "dist",
    target: "es2022",
    // Every browser of the target knows modulepreload.
    modulePreload: { polyfill: false },
    // Not in a folder that starts with a dot: Django's collectstatic leaves those out.
    manifest: `manifest.${mode}.json`,
    // The code editor is one large part by nature; it is loaded by the GraphiQL page alone.
    chunkSizeWarningLimit: 3000,
    rolldownOptions: {
      // "use client" means something to servers that render React; we have none.
      onLog: (level, log, write) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") write(level, log);
      },
      output: mode === "app" ? { codeSplitting: { groups: [{ name: "frame", test: FRAME }] } } : {},
      input: Object.fromEntries(
        Object.entries(PAGES[mode] ?? {}).map(([name, page]) => [name, fileURLToPath(new URL(page, import.meta.url))]),
      ),
    },
  },
}));
