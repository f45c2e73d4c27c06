/** @type {import('@sveltejs/vite-plugin-svelte').SvelteConfig} */
export default {
  compilerOptions: {
    runes: true,
    // Scoped rules go to the CSS file: the page's policy allows no inline style element.
    css: 'external',
  },
};
