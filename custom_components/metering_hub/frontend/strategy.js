/**
 * The dashboard strategy of Metering Hub.
 *
 * Home Assistant lists it in Settings > Dashboards > Add dashboard (since 2026.5), and asks it for
 * the views each time that a browser opens such a dashboard. So the views always fit the meters
 * that exist, and are in the language of the person who looks at them. Without that list, it works
 * as `strategy: {type: custom:metering-hub}` in the raw configuration editor.
 */

const DOMAIN = "metering_hub";
const SEPARATOR = " \u00b7 ";
const TYPE = "metering-hub";
const TEXTS = `component.${DOMAIN}.common.dashboard_`;

/** The limits keep a view usable, and quick to open, with a thousand entities. */
const MAX_DEVICES = 40;
const MAX_TILES = 16;
const MAX_OVERVIEW_TILES = 8;
const MAX_LINES = 8;
const MAX_ROWS = 20;
const MAX_HALF_NAME = 14;
const MAX_TRIES = 100;

/** Entities that a tile has nothing to show of. */
const NOT_SHOWN = new Set(["button", "device_tracker", "event", "text", "todo"]);

/** Statistics of the sum of tariffs, which would count twice beside those of the tariffs. */
const SUM_OF_TARIFFS = /_(import|export)_total$/;

const FULL = { columns: "full" };

const domainOf = (entityId) => entityId.split(".", 1)[0];
const nameOf = (device) => device.name_by_user || device.name || "";

/** Return a section of a heading and cards. */
const section = (heading, icon, cards, more = {}) => ({
  type: "grid",
  cards: [{ type: "heading", heading, icon, ...more }, ...cards],
});

/** Return a view of sections. */
const view = (title, path, icon, sections) => ({
  title,
  path,
  icon,
  type: "sections",
  max_columns: 3,
  dense_section_placement: true,
  sections,
});

/** Return a function that translates the texts of the dashboard. */
const translator = async (hass) => {
  let localize = await hass.loadBackendTranslation("common", DOMAIN);
  // The frontend does not wait for texts that it has asked for already, as `loadTexts` may have.
  for (let tries = 0; tries < MAX_TRIES && !localize(`${TEXTS}overview`); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    localize = await hass.loadBackendTranslation("common", DOMAIN);
  }
  return (key, values) => localize(TEXTS + key, values);
};

/** Return the result of a command, or `otherwise` where the server has none for this user. */
const ask = async (hass, type, otherwise) => {
  try {
    return await hass.callWS({ type });
  } catch {
    return otherwise;
  }
};

/** Return the config entry that a device belongs to. */
const entryOf = (device) => device.primary_config_entry || device.config_entries?.[0];

/** Return the device of the same config entry at the top of the one that is given. */
const topOf = (hass, device) => {
  const seen = new Set();
  let top = device;
  while (!seen.has(top.id)) {
    seen.add(top.id);
    const above = hass.devices[top.via_device_id];
    if (above && entryOf(above) === entryOf(device)) {
      top = above;
    }
  }
  return top;
};

/**
 * Return the servers with their meters: config entries, with devices, with entities.
 *
 * It only reads the registries that each browser has, as only administrators may ask for entries.
 */
export const serversOf = (hass) => {
  const servers = new Map();
  for (const entity of Object.values(hass.entities)) {
    const device = hass.devices[entity.device_id];
    if (entity.platform !== DOMAIN || entity.hidden || !device) continue;
    // An entity without a state is disabled, or has not had a value yet.
    if (!hass.states[entity.entity_id]) continue;
    const entry = entryOf(device);
    if (!servers.has(entry)) {
      servers.set(entry, { id: entry, name: nameOf(topOf(hass, device)), meters: new Map() });
    }
    const { meters } = servers.get(entry);
    if (!meters.has(device.id)) {
      meters.set(device.id, { device, name: nameOf(device), entities: [] });
    }
    meters.get(device.id).entities.push(entity);
  }
  const language = hass.locale?.language;
  const byName = (one, other) => one.name.localeCompare(other.name, language, { numeric: true });
  return [...servers.values()].sort(byName).map((server) => ({
    ...server,
    meters: [...server.meters.values()].sort(byName),
  }));
};

/** Return the rank of an entity: what is interesting at once comes first. */
const rankOf = (hass, entity) => {
  const { device_class: kind, state_class: counting } = hass.states[entity.entity_id].attributes;
  const isOfToday = /today/.test(entity.translation_key || "");
  if (kind === "power") return 0;
  if (domainOf(entity.entity_id) !== "sensor") return 1;
  if (kind === "monetary") return isOfToday ? 3 : 5;
  if (counting === "total" || isOfToday) return 2;
  return counting === "total_increasing" ? 6 : 4;
};

/** Return the entities of a meter that are shown as tiles, in their order. */
const shownOf = (hass, meter) =>
  meter.entities
    .filter((entity) => !entity.entity_category && !NOT_SHOWN.has(domainOf(entity.entity_id)))
    .map((entity, index) => ({ entity, index, rank: rankOf(hass, entity) }))
    .sort((one, other) => one.rank - other.rank || one.index - other.index)
    .map(({ entity }) => entity);

/** Return the number of letters in a name that consists of parts. */
const lengthOf = (hass, entity, name) =>
  [name].flat().reduce((sum, { type }) => {
    const part = type === "device" ? nameOf(hass.devices[entity.device_id]) : entity.name || "";
    return sum + part.length;
  }, 0);

/**
 * Return the tile of an entity, named without its device unless `name` says otherwise.
 *
 * A tile of half the width cuts a long name, where "Import cost today" and "... this month" differ.
 */
const tile = (hass, entity, name = { type: "entity" }) => {
  const isPower = hass.states[entity.entity_id].attributes.device_class === "power";
  const features = isPower ? { features: [{ type: "trend-graph", hours_to_show: 3 }] } : {};
  const isLong = lengthOf(hass, entity, name) > MAX_HALF_NAME;
  const width = isLong ? { grid_options: FULL } : {};
  return { type: "tile", entity: entity.entity_id, name, ...features, ...width };
};

/** Return statistics by unit, so that each graph has one axis. */
const byUnit = (statistics) => {
  const units = new Map();
  for (const each of statistics) {
    const unit = each.statistics_unit_of_measurement;
    units.set(unit, [...(units.get(unit) || []), each]);
  }
  return [...units.values()];
};

/**
 * Return the name of a statistic without that of a meter or place behind what is measured, or
 * undefined if it is not there.
 */
const withoutBehind = (name, part) => {
  const behind = `${SEPARATOR}${part}`;
  const at = name.indexOf(behind);
  const rest = name.slice(at + behind.length);
  // A place or the word for costs may follow.
  const isWhole = !rest || rest.startsWith(SEPARATOR) || rest.startsWith(" (");
  return at > 0 && isWhole ? name.slice(0, at) + rest : undefined;
};

/** Return the name that a person gave to an entity, without that of its meter before it. */
const withoutBefore = (name, meter) =>
  name.startsWith(`${meter} `) ? name.slice(meter.length + 1) : undefined;

/** Return the name of a statistic in the section of its meter, in the view of its server. */
const shortName = (name, meter, server) => {
  const short = withoutBehind(name, meter) || withoutBefore(name, meter) || name;
  return withoutBehind(short, server) || short;
};

/** Return a graph of statistics, named by a function. */
const graph = (title, statistics, nameOfStatistic, options) => ({
  type: "statistics-graph",
  title,
  ...options,
  entities: statistics.slice(0, MAX_LINES).map((each) => ({
    entity: each.statistic_id,
    name: nameOfStatistic(each.name || each.statistic_id),
  })),
  grid_options: { ...FULL, rows: 6 },
});

/** Return graphs of all history by day and by month. */
const graphsOf = (statistics, text, nameOfStatistic = (name) => name) => {
  const sums = statistics.filter((each) => each.has_sum);
  const parts = sums.filter((each) => !SUM_OF_TARIFFS.test(each.statistic_id));
  const bars = { chart_type: "bar", stat_types: ["change"] };
  return byUnit(parts.length ? parts : sums).flatMap((group) => {
    const unit = group[0].statistics_unit_of_measurement || "";
    const title = (period) => (unit ? `${text(period)} (${unit})` : text(period));
    return [
      graph(title("by_day"), group, nameOfStatistic, { ...bars, period: "day", days_to_show: 30 }),
      graph(title("by_month"), group, nameOfStatistic, { ...bars, period: "month", days_to_show: 365 }),
    ];
  });
};

/**
 * Return the meters whose name is in that of a statistic: one, unless several have the same.
 *
 * The longest name fits best, and of servers of a kind the one that is named, too.
 */
const metersOf = (name, meters) => {
  const behind = meters.filter((meter) => withoutBehind(name, meter.name));
  const found = behind.length
    ? behind
    : meters.filter((meter) => withoutBefore(name, meter.name));
  const longest = Math.max(...found.map((meter) => meter.name.length));
  const best = found.filter((meter) => meter.name.length === longest);
  const placed = best.filter(({ server }) => withoutBehind(name, server));
  return placed.length ? placed : best;
};

/**
 * Return the statistics by the device of their meter, and those of none under an empty key.
 *
 * Statistics belong to no device; their names contain its name.
 */
export const statisticsByMeter = (statistics, servers) => {
  const meters = servers.flatMap((server) =>
    server.meters.map(({ device, name }) => ({ id: device.id, name, server: server.name })),
  );
  const named = meters.filter(({ name }) => name);
  const found = new Map();
  for (const each of statistics) {
    if (!each.statistic_id.startsWith(`${DOMAIN}:`)) continue;
    const ids = metersOf(each.name || "", named).map(({ id }) => id);
    for (const id of ids.length ? ids : [""]) {
      found.set(id, [...(found.get(id) || []), each]);
    }
  }
  return found;
};

/** Return the section of a meter; the heading leads to the page of its device. */
const meterSection = (hass, server, meter, statistics, text) => {
  const shown = shownOf(hass, meter);
  const cards = shown.slice(0, MAX_TILES).map((entity) => tile(hass, entity));
  if (shown.length > MAX_TILES) {
    const content = text("more", { count: shown.length - MAX_TILES });
    cards.push({ type: "markdown", text_only: true, content, grid_options: FULL });
  }
  const short = (name) => shortName(name, meter.name, server.name);
  cards.push(...graphsOf(statistics, text, short));
  const page = `/config/devices/device/${meter.device.id}`;
  const leadsToPage = hass.user?.is_admin
    ? { tap_action: { action: "navigate", navigation_path: page } }
    : {};
  return cards.length ? [section(meter.name, "mdi:meter-electric", cards, leadsToPage)] : [];
};

/** Return the view of a server. */
const serverView = (hass, server, statistics, text) => {
  const sections = server.meters
    .flatMap((meter) =>
      meterSection(hass, server, meter, statistics.get(meter.device.id) || [], text),
    )
    .slice(0, MAX_DEVICES);
  // Without an icon, its tab shows the name, which tells servers apart.
  return view(server.name, server.id, undefined, sections);
};

/** Return the sections with Home Assistant's own cards of the Energy dashboard. */
const energySections = (preferences, text) => {
  const sources = preferences?.energy_sources || [];
  if (!sources.length) return [];
  const hasPower = [...sources, ...(preferences.device_consumption || [])].some(
    (source) => source.stat_rate || source.power_config || source.power?.length,
  );
  const hasElectricity = sources.some(({ type }) => ["grid", "solar", "battery"].includes(type));
  const today = [{ type: "energy-date-selection", grid_options: FULL }];
  if (hasElectricity) {
    today.push({ type: "energy-usage-graph", grid_options: { ...FULL, rows: 6 } });
  }
  const sections = [];
  if (hasPower) {
    const flow = { type: "power-sankey", grid_options: { ...FULL, rows: 7 } };
    sections.push(section(text("power_now"), "mdi:flash", [flow]));
  }
  sections.push(section(text("energy"), "mdi:calendar-today", today));
  const origin = [{ type: "energy-distribution", grid_options: FULL }];
  sections.push(section(text("origin"), "mdi:transit-connection-variant", origin));
  if (preferences.device_consumption?.length) {
    const devices = [{ type: "energy-devices-graph", grid_options: FULL }];
    sections.push(section(text("devices"), "mdi:power-plug-outline", devices));
  }
  const cost = [{ type: "energy-sources-table", grid_options: FULL }];
  sections.push({ ...section(text("cost"), "mdi:cash", cost), column_span: 2 });
  return sections;
};

/**
 * Return the tiles of the power of all meters of a server.
 *
 * A tile cuts long names, so it only has the parts that tell it apart, and those first.
 */
const powerTiles = (hass, server) => {
  const powers = server.meters
    .map((meter) => shownOf(hass, meter).filter((entity) => !rankOf(hass, entity)))
    .filter((ofMeter) => ofMeter.length);
  const parts = (ofMeter) => {
    if (powers.length === 1) return { type: "entity" };
    return ofMeter.length === 1 ? { type: "device" } : [{ type: "entity" }, { type: "device" }];
  };
  return powers
    .flatMap((ofMeter) => ofMeter.map((entity) => tile(hass, entity, parts(ofMeter))))
    .slice(0, MAX_OVERVIEW_TILES);
};

/** Return the overview of all servers. */
const overview = (hass, servers, preferences, others, text) => {
  const sections = energySections(preferences, text);
  for (const server of servers) {
    const power = powerTiles(hass, server);
    const leadsToView = { tap_action: { action: "navigate", navigation_path: server.id } };
    if (power.length) sections.push(section(server.name, "mdi:meter-electric", power, leadsToView));
  }
  if (others.length) {
    sections.push(section(text("other"), "mdi:chart-bar", graphsOf(others, text)));
  }
  return view(text("overview"), "overview", "mdi:meter-electric", sections);
};

/** Return a template of a server's meters with the fewest measured hours, and their holes. */
const qualityTable = (entityId, text) => `
{%- set measured = state_attr('${entityId}', 'measured_by_meter') or {} %}
{%- set late = state_attr('${entityId}', 'late_hours') or {} %}
{%- set holes = state_attr('${entityId}', 'holes') or [] %}
| ${text("meter")} | ${text("measured")} | ${text("late")} |
|:--|--:|--:|
{%- for meter, share in (measured | dictsort(by='value'))[:${MAX_ROWS}] %}
| {{ meter }} | {{ share }} % | {{ late[meter] ~ ' h' if late.get(meter) else '-' }} |
{%- endfor %}
{% if holes %}
| ${text("hole")} | ${text("from")} | ${text("hours")} |
|:--|:--|--:|
{%- for hole in holes[-${MAX_ROWS}:] %}
| {{ hole.meter }} | {{ (hole.start | as_datetime | as_local).strftime('%Y-%m-%d %H:%M') }} | {{ hole.hours }} |
{%- endfor %}
{% else %}
${text("no_holes")}
{% endif %}`;

/** Return the section about how good the data of a server are. */
const qualitySection = (hass, server, text) => {
  const entities = server.meters.flatMap((meter) => meter.entities);
  const keyed = (key) => entities.filter((entity) => entity.translation_key === key);
  const bars = [...keyed("history_import"), ...keyed("data_quality")].map((entity) => ({
    ...tile(hass, entity),
    grid_options: FULL,
    features: [{ type: "bar-gauge" }],
  }));
  const tables = keyed("data_quality").map((entity) => ({
    type: "markdown",
    content: qualityTable(entity.entity_id, text),
    grid_options: FULL,
  }));
  const states = entities.filter(({ entity_id }) =>
    ["problem", "connectivity"].includes(hass.states[entity_id].attributes.device_class),
  );
  const tiles = [...states.slice(0, MAX_TILES), ...keyed("history_events")].map((entity) => ({
    ...tile(hass, entity, [{ type: "device" }, { type: "entity" }]),
    grid_options: FULL,
  }));
  const cards = [...bars, ...tables, ...tiles];
  return cards.length ? [section(server.name, "mdi:clipboard-check-outline", cards)] : [];
};

/** Return all views of the dashboard. */
export const viewsOf = async (hass) => {
  const text = await translator(hass);
  const servers = serversOf(hass);
  if (!servers.length) {
    const empty = { type: "markdown", content: text("empty"), grid_options: FULL };
    const sections = [{ type: "grid", cards: [empty] }];
    return [view(text("overview"), "overview", "mdi:meter-electric", sections)];
  }
  const [preferences, known] = await Promise.all([
    ask(hass, "energy/get_prefs", null),
    ask(hass, "recorder/list_statistic_ids", []),
  ]);
  const statistics = statisticsByMeter(known, servers);
  const quality = servers.flatMap((server) => qualitySection(hass, server, text));
  return [
    overview(hass, servers, preferences, statistics.get("") || [], text),
    ...servers.map((server) => serverView(hass, server, statistics, text)),
    view(text("data_quality"), "data-quality", "mdi:clipboard-check-outline", quality),
  ];
};

class MeteringHubStrategy extends HTMLElement {
  /** Return the dashboard. */
  static async generate(_config, hass) {
    return { views: await viewsOf(hass) };
  }

  /** Return what the form of a new dashboard begins with. */
  static getCreateSuggestions() {
    return { title: "Metering Hub", icon: "mdi:meter-electric" };
  }
}

const home = () => document.querySelector("home-assistant")?.hass;

/** Load the texts for the list of dashboards, which does not wait for any. */
const loadTexts = () => {
  const hass = home();
  if (hass?.loadBackendTranslation) {
    hass.loadBackendTranslation("common", DOMAIN);
  } else {
    // The browser has not connected yet.
    setTimeout(loadTexts, 500);
  }
};

/** Offer the strategy where Home Assistant looks for such ones. */
const offer = () => {
  const tag = `ll-strategy-dashboard-${TYPE}`;
  // A browser that stayed open while Home Assistant was updated may load two versions.
  if (customElements.get(tag)) return;
  customElements.define(tag, MeteringHubStrategy);
  window.customStrategies = window.customStrategies || [];
  window.customStrategies.push({
    type: TYPE,
    strategyType: "dashboard",
    name: "Metering Hub",
    /** The language is not known until the person has logged in. */
    get description() {
      return home()?.localize(`${TEXTS}description`) || "";
    },
  });
  loadTexts();
};

offer();
