/**
 * The order in which waiting requests start: the only place that knows it.
 *
 * - Stat before urgent before routine. Within a priority the sources (calling AE titles) take turns, one request each, and the
 *   older of two with the same turn goes first.
 * - A request should start by its arrival plus the cap of its priority. The runners' slots and what a request took lately say how
 *   many starts fit before any instant, a fifth of them in reserve. While all that wait fit before their caps, there may be an
 *   instant before which no start is to spare: until that has changed, only what is due by then may start, whatever waits in front.
 *   A source that has filled the time there is may so keep others waiting beyond its turn, never beyond their caps.
 *   So the caps hold, to within one request, whenever some order of what waits holds them (where requests take alike), and a lower
 *   priority goes first only where it would be late otherwise.
 * - Where more than a round of the runners does not fit, the lowest priority makes no demands any more, then the next: the caps of
 *   stat are kept as long as stat alone can keep them.
 * - Every eighth start goes to what is past its cap, the lowest priority first: under whatever load, nobody waits for ever.
 */

/** The part of the measured pace that is counted on when the last possible start of a request is reckoned. */
const reckoned = 0.8;
const eighth = 8;
/** What a request is thought to take until one has ended, in seconds. */
const unmeasured = 1;
/** Requests that ended last: what one takes, and how many were at work together, is learned from them. */
const measured = 64;

/** Seconds since 1970 by which a request should have started; `$3`: the caps of stat, urgent and routine in seconds. */
const startBy = `date_part('epoch', enqueued_at) + ($3::float8[])[priority + 1]`;
const clock = `date_part('epoch', now())`;

const unfinished = `state in ('queued', 'running')`;
const neverStarted = `state = 'queued' and started_at is null`;
const takeable = `${unfinished} and ((state = 'queued' and not_before <= now()) or (state = 'running' and leased_until < now()))`;

/** A round more than the pace allows: while it is a near thing, the caps are not given up. */
const possible = `slots + floor(slots / seconds * greatest(0, at - ${clock}))`;
/**
 * Starts to be had until the second `at` for certain. All runners may have been taken the moment before and be free again together,
 * so that the last round does not count.
 */
const safe = `1 + floor(${reckoned} * slots / seconds * greatest(0, at - ${clock} - seconds))`;

/** `$1`: owner; `$2`: length of the lease in milliseconds; `$3`: see above. */
export const takeNext = `
with recent as materialized (
  select finished_at, date_part('epoch', finished_at - taken_at) as seconds from work
  where state in ('done', 'dead') and taken_at is not null order by finished_at desc limit ${measured}
), pace as materialized (
  select seconds, greatest(
    (select count(*) + 1 from work where state = 'running' and leased_until >= now()),
    (select count(*) from recent where date_part('epoch', now() - finished_at) < each.seconds))::float8 as slots
  from (select greatest(coalesce(avg(seconds), ${unmeasured}), 0.001) as seconds from recent) each
), due as (
  select greatest(floor(${startBy}), floor(${clock}) - 1) as at, count(*) filter (where priority = 0)::int as stat,
    count(*) filter (where priority <= 1)::int as urgent, count(*)::int as routine
  from work where ${neverStarted} group by 1
), demand as (
  select at, sum(stat) over earlier as stat, sum(urgent) over earlier as urgent, sum(routine) over earlier as routine,
    ${possible} as possible, ${safe} as safe
  from due, pace window earlier as (order by at)
), critical as (
  select case
    when bool_and(routine <= possible) then min(at) filter (where routine >= safe)
    when bool_and(urgent <= possible) then min(at) filter (where urgent >= safe)
    when bool_and(stat <= possible) then min(at) filter (where stat >= safe)
    end as at
  from demand
)
update work set state = 'running', owner = $1, attempt = attempt + 1, token = token + 1, taken_at = now(),
  started_at = coalesce(started_at, now()), leased_until = now() + $2 * interval '1 millisecond'
where id = (select coalesce(
  case when nextval('work_take') % ${eighth} = 0 then (
    select id from work where ${takeable} and ${neverStarted} and ${startBy} < ${clock}
    order by priority desc, turn, enqueued_at limit 1 for update skip locked) end,
  (select id from work
   where ${takeable} and coalesce(floor(${startBy}) <= (select at from critical), true)
   order by priority, turn, enqueued_at limit 1 for update skip locked),
  (select id from work where ${takeable}
   order by priority, turn, enqueued_at limit 1 for update skip locked)))
returning id, token, attempt, priority, payload, enqueued_at, deadline, started_at = taken_at as is_first,
  date_part('epoch', taken_at - enqueued_at) as waited, ${startBy} < date_part('epoch', taken_at) as is_late`;

/**
 * The turn of a newcomer is one after the last of its source, and not before those of requests that wait now: who was away has
 * saved nothing up. What was tried before keeps the turn it had and is no measure.
 */
export const addToQueue = `
insert into work (id, priority, payload, deadline, source, enqueued_at, not_before, turn)
select $1, $2, $3, $4, $5, now(), now(), 1 + greatest(
  (select max(turn) from work where ${neverStarted} and priority = $2 and source = $5),
  (select min(turn) - 1 from work where ${neverStarted} and priority = $2),
  0)
on conflict (id) do nothing`;
