/** Made by the build: by the folder of a screen, the folders whose styles it needs, its own among them. */
declare module "virtual:scopes" {
  export const scopes: Readonly<Record<string, readonly string[]>>;
}
