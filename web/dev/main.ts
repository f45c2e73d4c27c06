/** Shows one screen with samples: `/dev/?page=officer&cameras=400&open=1`, `/dev/?page=owner`. */
import '$lib/ui/tokens.css';
import '$lib/ui/base.css';
import { mount } from 'svelte';
import { HELSINKI, type PageConfig } from '$lib/config';
import Sample from './Sample.svelte';

const query = new URLSearchParams(location.search);
const page = query.get('page') ?? 'officer';
document.documentElement.dataset['theme'] = page === 'officer' ? 'dark' : 'light';

const config: PageConfig = {
  hub: '',
  organisation: page === 'owner' ? 'Harbour School' : 'City Police',
  center: HELSINKI,
  basemap: '/map/helsinki.pmtiles',
  hubId: '',
  agency: '',
  root: '',
  demo: false,
  tour: null,
};
const target = document.getElementById('app');
if (target) {
  const count = Number(query.get('cameras') ?? 300);
  mount(Sample, { target, props: { page, config, count } });
}
