"""bench: what this machine does, measured here and now."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from compose.broker import BrokerMissingError
from compose.commands.output import AsJson, answer, fail, say
from compose.settings import load


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Measure this machine; compare ratios within one run.", no_args_is_help=True)
    app.add_typer(group, name="bench")

    @group.command("pipeline")
    def pipeline(
        reads: Annotated[int, typer.Option(min=1000, help="Plate reads.")] = 200_000,
        hotlist: Annotated[int, typer.Option(min=0, help="Entries on the hotlist.")] = 1_000_000,
        zones: Annotated[int, typer.Option(min=0, help="Zones.")] = 500,
        incidents: Annotated[int, typer.Option(min=0, help="Open incidents.")] = 2_000,
        seed: Annotated[int, typer.Option(help="The same seed makes the same work.")] = 1,
        as_json: AsJson = False,
    ) -> None:
        """Measure the sightings processor in events per CPU-second: in process, and through the broker."""
        # Here, because the engine takes seconds to import and other commands do without it.
        from compose.bench import pipeline as pipeline_bench
        from compose.bench.workload import Size

        try:
            size = Size(reads=reads, hotlist=hotlist, zones=zones, incidents=incidents, seed=seed)
            result = pipeline_bench.run(size, say)
        except BrokerMissingError as error:
            fail(str(error), as_json=as_json)
        rows = [
            ("in process, frames", result.in_process),
            ("through Faust, frames", result.through_faust_frames),
            ("through Faust, one event per message", result.through_faust_one_event_per_message),
            ("Faust as in its manual", result.plain_faust_one_event_per_message),
        ]
        lines = [
            f"{name:<38} {rate.events_per_cpu_second:>9,} events/CPU-s {rate.events_per_second:>9,} events/s"
            for name, rate in rows
        ]
        rounds = result.in_process_rounds
        lines += [
            f"in process: the median of {len(rounds)} rounds between {min(rounds):,} and {max(rounds):,}",
            f"rules on paths: {result.paths.events_per_cpu_second:,}/CPU-s, {result.share_of_paths:.0%} of both",
            f"with rules on paths: {result.in_process_with_paths:,} reads/CPU-s",
            "each stage alone, µs of CPU a read: "
            + ", ".join(f"{name} {micros:g}" for name, micros in result.stage_us.items()),
            f"frames against one event per message: {result.frames_against_one_event_per_message} x",
            f"frames against Faust as in its manual: {result.frames_against_plain_faust} x",
            f"through the broker against in process: {result.through_broker_against_in_process}",
        ]
        answer(result, as_json=as_json, text="\n".join(lines))

    @group.command("match")
    def match(
        hotlist: Annotated[int, typer.Option(min=1, help="Entries on the hotlist.")] = 1_000_000,
        reads: Annotated[int, typer.Option(min=256, help="Plate reads.")] = 100_000,
        rate: Annotated[int, typer.Option(min=100, help="Reads a second whose waits are measured.")] = 1_000,
        seconds: Annotated[float, typer.Option(min=0.1, help="For so long.")] = 10.0,
        random_plates: Annotated[int, typer.Option(min=1, help="Plates drawn at random.")] = 1_000_000,
        seed: Annotated[int, typer.Option(help="The same seed makes the same work.")] = 1,
        as_json: AsJson = False,
    ) -> None:
        """Measure the matching of plates against a list of millions, and what swapping the list costs the stream."""
        from compose.bench import match as match_bench

        result = match_bench.run(
            entries=hotlist,
            reads=reads,
            rate=rate,
            seconds=seconds,
            random_plates=random_plates,
            seed=seed,
            say=say,
        )
        lines = [
            f"{result.reads_per_cpu_second:,} reads per CPU-second in frames of {match_bench.FRAME}",
            f"the median of {len(result.rounds)} rounds, {min(result.rounds):,} to {max(result.rounds):,}",
            f"{result.bytes_per_entry} bytes an entry, {result.resident_bytes_per_entry} as the process grew",
            f"in force {result.load_s} s after the manifest, {result.swap_s} s beside a stream",
            f"longest pause of the stream while a list was swapped {result.longest_pause_ms} ms",
            f"and without {result.pause_without_ms} ms",
            f"a read with two characters misread, at {result.times.rate:,} a second, waited for its matches",
            f"p50 {result.times.p50_ms} ms, p99 {result.times.p99_ms} ms, longest {result.times.longest_ms} ms",
            f"{result.times.found_share:.2%} of them found",
            f"of {result.random.plates:,} plates drawn at random {result.random.exact_share:.4%} are on the list",
            f"and {result.random.false_share:.4%} match another",
        ]
        answer(result, as_json=as_json, text="\n".join(lines))

    @group.command("quality")
    def quality(
        file: Annotated[
            Path, typer.Argument(help="CSV truth,read[,confidence][,region]: plates, and what a reader made of them.")
        ],
        others: Annotated[int, typer.Option(min=1, help="Other plates on the list.")] = 1_000_000,
        seed: Annotated[int, typer.Option(help="The same seed makes the same other plates.")] = 1,
        as_json: AsJson = False,
    ) -> None:
        """Measure what matching makes of real misreads: recall by class of error, and false matches."""
        from compose.bench import quality as quality_bench

        try:
            result = quality_bench.run(file, others=others, seed=seed, say=say)
        except quality_bench.QualityError as error:
            fail(str(error), as_json=as_json)
        names = quality_bench.TOLERANCES
        lines = [f"{'recall':<20} {'reads':>8} " + " ".join(f"{name:>10}" for name in names)]
        for name, told in (*result.classes.items(), ("all", None)):
            reads = result.pairs if told is None else told.reads
            recall = result.recall if told is None else told.recall
            lines.append(f"{name:<20} {reads:>8,} " + " ".join(f"{recall[one]:>10.2%}" for one in names))
        lines.append(f"{'false matches':<29} " + " ".join(f"{result.false_match_rate[one]:>10.4%}" for one in names))
        rates = {"exact": 0.0, **result.other_state_rate}
        lines.append(f"{'told as of another state':<29} " + " ".join(f"{rates[one]:>10.4%}" for one in names))
        lines.append(f"among {result.others:,} other plates; where an edit is tolerated, {result.edit_others:,}")
        answer(result, as_json=as_json, text="\n".join(lines))

    @group.command("names")
    def names(
        file: Annotated[
            list[Path], typer.Argument(help="CSV or Parquet of people; records of a second file ask for the first's.")
        ],
        labels: Annotated[
            Path | None, typer.Option(help="CSV of pairs that are one person, as Splink has them.")
        ] = None,
        queries: Annotated[int, typer.Option(min=1, help="At most so many records are looked for.")] = 2_000,
        seed: Annotated[int, typer.Option(help="The same seed asks for the same records.")] = 1,
        as_json: AsJson = False,
    ) -> None:
        """Measure the name search on labelled people: recall at 1, 5 and 20 results, by origin, and the time."""
        from compose.bench import names as names_bench

        try:
            if len(file) > 2:
                raise names_bench.NamesError("give one file, or two that are to be linked")
            result = names_bench.run(file, labels=labels, queries=queries, seed=seed, say=say)
        except names_bench.NamesError as error:
            fail(str(error), as_json=as_json)
        lines = [f"{'recall':<24} {'queries':>8} " + " ".join(f"{f'at {at}':>9}" for at in names_bench.AT)]
        told = {"all": result.all, "with errors": result.erroneous, **result.origins}
        for name, recall in told.items():
            shares = " ".join(f"{recall.recall[str(at)]:>9.2%}" for at in names_bench.AT)
            lines.append(f"{name:<24} {recall.queries:>8,} {shares}")
        if result.largest_gap is not None:
            lines.append(f"largest gap between origins {result.largest_gap} points at {max(names_bench.AT)}")
        lines.append(f"asked by {result.asked_by} among {result.records:,} records")
        lines.append(f"search p50 {result.search_ms.p50} ms, p95 {result.search_ms.p95} ms")
        answer(result, as_json=as_json, text="\n".join(lines))

    @group.command("contact")
    def contact(
        calls: Annotated[int, typer.Option(min=1_000, help="Calls in the store, over a year.")] = 10_000_000,
        people: Annotated[int, typer.Option(min=1_000, help="People in the store.")] = 1_000_000,
        views: Annotated[int, typer.Option(min=10, help="Views that are timed, warm and cold each.")] = 100,
        seed: Annotated[int, typer.Option(help="The same seed asks for the same callers.")] = 1,
        folder: Annotated[Path | None, typer.Option(help="Where the store is made and kept for the next run.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Measure the contact view over millions of calls and people: what the store needs for it, warm and cold."""
        from compose.bench import contact as contact_bench

        result = contact_bench.run(calls=calls, people=people, views=views, seed=seed, folder=folder, say=say)
        lines = [f"{'milliseconds':<22} {'p50':>8} {'p95':>8} {'p99':>8} {'longest':>8}"]
        for name, took in {"warm": result.warm_ms, "cold": result.cold_ms, **result.by_part}.items():
            lines.append(f"{name:<22} {took.p50:>8} {took.p95:>8} {took.p99:>8} {took.max:>8}")
        lines.append(f"{result.unavailable} parts did not come in time; {result.views} views each")
        lines.append(f"{result.calls:,} calls and {result.people:,} people in {result.store_mb:,} MB")
        answer(result, as_json=as_json, text="\n".join(lines))

    @group.command("peers")
    def peers(
        reads: Annotated[int, typer.Option(min=2, help="Plate reads.")] = 200_000,
        hotlist: Annotated[int, typer.Option(min=1, help="Entries on the hotlist.")] = 1_000_000,
        zones: Annotated[int, typer.Option(min=1, help="Zones.")] = 500,
        per_frame: Annotated[int, typer.Option(min=1, max=512, help="Reads in one of our frames.")] = 512,
        engine: Annotated[list[str] | None, typer.Option(help="Only this engine; may be given again.")] = None,
        seed: Annotated[int, typer.Option(help="The same seed makes the same work.")] = 1,
        as_json: AsJson = False,
    ) -> None:
        """Do the same work with this software and with other engines, on one Apache Kafka, one after the other."""
        from kafka.errors import KafkaError

        from compose.bench.peers import report
        from compose.bench.peers import run as bench
        from compose.bench.workload import Size
        from compose.kafka.cluster import ClusterError
        from compose.kafka.jars import KafkaMissingError

        names = [one.name for one in bench.ENGINES]
        unknown = sorted(set(engine or ()) - set(names))
        if unknown:
            fail(f"there is no engine {', '.join(unknown)}; there are {', '.join(names)}.", 2, as_json=as_json)
        size = Size(reads=reads, hotlist=hotlist, zones=zones, seed=seed)
        try:
            result = bench.run(size, per_frame=per_frame, engines=engine or names, say=say)
        except (ClusterError, KafkaError, KafkaMissingError) as error:
            fail(str(error), as_json=as_json)
        answer(result, as_json=as_json, text=report.table(result) + ("\nPASSED" if result.ok else "\nFAILED"))
        raise typer.Exit(0 if result.ok else 1)

    @group.command("end-to-end")
    def end_to_end(
        rate: Annotated[int, typer.Option(min=1, max=20_000, help="Plate reads a second.")] = 1000,
        seconds: Annotated[int, typer.Option(min=5, max=3600, help="For how long.")] = 120,
        per_request: Annotated[int, typer.Option(min=1, max=500, help="Reads in one HTTP request.")] = 10,
        kafka: Annotated[int, typer.Option(help="Brokers of an Apache Kafka of its own, 1 or 3; 0: embedded.")] = 0,
        sockets: Annotated[int, typer.Option(min=1, max=1000, help="Websockets that take everything.")] = 1,
        seed: Annotated[int, typer.Option(help="The same seed makes the same reads.")] = 1,
        as_json: AsJson = False,
    ) -> None:
        """Measure the whole way at one rate: HTTP in, websocket out, everything on this machine."""
        from compose.bench import crowd
        from compose.bench import end_to_end as bench
        from compose.kafka.cluster import ClusterError
        from compose.kafka.jars import KafkaMissingError

        if kafka not in (0, 1, 3):
            fail("--kafka is 0, 1 or 3.", 2, as_json=as_json)
        try:
            result = asyncio.run(
                bench.run(
                    load(),
                    rate=rate,
                    seconds=seconds,
                    per_request=per_request,
                    kafka=kafka,
                    seed=seed,
                    say=say,
                    sockets=sockets,
                )
            )
        except (BrokerMissingError, ClusterError, KafkaMissingError, RuntimeError, TimeoutError) as error:
            fail(str(error), as_json=as_json)
        lines = [
            f"reads: {result.accepted:,} accepted of {result.sent:,} ({result.achieved_rate:,.0f} a second)",
            f"       {result.stored:,} stored, {result.lost} lost, {result.doubled} doubled",
            f"alerts: {result.alerts_due} due, {result.alerts_missing} missing, {result.alerts_doubled} doubled",
        ]
        lines += [
            f"{name.replace('_', ' '):<16} p50 {one.p50:>7} ms   p95 {one.p95:>7}   p99 {one.p99:>7}   max {one.max:>8}"
            for name, one in result.latency_ms.items()
        ]
        lines += crowd.lines(result.crowd, result.in_time)
        lines.append("cores: " + ", ".join(f"{name} {share}" for name, share in result.cpu_share.items()))
        lines.append("memory, MB: " + ", ".join(f"{name} {size:.0f}" for name, size in result.rss_mb.items()))
        lines.append("PASSED" if result.ok else "FAILED")
        answer(result, as_json=as_json, text="\n".join(lines))
        raise typer.Exit(0 if result.ok else 1)

    @group.command("hub")
    def hub(
        clients: Annotated[
            int, typer.Option(min=1, max=1900, help="Clients of the live map that take everything.")
        ] = 1000,
        rate: Annotated[
            int, typer.Option(min=10, max=20_000, help="Events a second; one in a hundred is an alert.")
        ] = 1000,
        seconds: Annotated[int, typer.Option(min=2, max=3600, help="For how long.")] = 60,
        slow: Annotated[float, typer.Option(min=0, max=0.5, help="Share of clients that read too slowly.")] = 0.05,
        leaving: Annotated[float, typer.Option(min=0, max=0.5, help="Share that hang up every 10 s.")] = 0.05,
        as_json: AsJson = False,
    ) -> None:
        """Measure one hub and many clients: delay, cost, and whether every alert came once to each."""
        from compose.bench import hub as bench

        try:
            result = asyncio.run(
                bench.run(clients=clients, rate=rate, seconds=seconds, slow=slow, leaving=leaving, say=say)
            )
        except (RuntimeError, TimeoutError) as error:
            fail(str(error) or "the hub or its clients did not answer in time", as_json=as_json)
        delay = result.delay_ms
        lines = [
            f"{result.events:,} events, {result.alerts:,} alerts, {result.missing} missing, {result.doubled} doubled",
            f"{result.clients:,} clients, of which {result.slow} slow and {result.leaving} leaving",
            "no alert came" if delay is None else
            f"delay   p50 {delay.p50} ms   p95 {delay.p95}   p99 {delay.p99}   max {delay.max}",
            f"{result.cut_off} cut off or left, {result.gaps} told that something was left out",
            f"hub: {result.cpu_share} cores, {result.rss_mb[1]:.0f} MB ({result.kb_per_client} kB a client)",
            f"{result.sent_mb:,.0f} MB sent; {result.behind_ms:.0f} ms behind at worst",
            "PASSED" if result.ok else "FAILED",
        ]  # fmt: skip
        answer(result, as_json=as_json, text="\n".join(lines))
        raise typer.Exit(0 if result.ok else 1)

    @group.command("calls")
    def calls(
        rate: Annotated[int, typer.Option(min=1, max=1000, help="Calls a second.")] = 50,
        seconds: Annotated[int, typer.Option(min=5, max=3600, help="For how long.")] = 300,
        kafka: Annotated[int, typer.Option(help="Brokers of an Apache Kafka of its own, 1 or 3; 0: embedded.")] = 0,
        seed: Annotated[int, typer.Option(help="The same seed makes the same calls.")] = 1,
        as_json: AsJson = False,
    ) -> None:
        """Measure a storm of calls: HTTP in, each call's incident on a websocket out."""
        from compose.bench import calls as bench
        from compose.kafka.cluster import ClusterError
        from compose.kafka.jars import KafkaMissingError

        if kafka not in (0, 1, 3):
            fail("--kafka is 0, 1 or 3.", 2, as_json=as_json)
        try:
            result = asyncio.run(bench.run(load(), rate=rate, seconds=seconds, kafka=kafka, seed=seed, say=say))
        except (BrokerMissingError, ClusterError, KafkaMissingError, RuntimeError, TimeoutError) as error:
            fail(str(error), as_json=as_json)
        lines = [
            f"calls: {result.accepted:,} accepted of {result.sent:,}, {result.stored:,} stored",
            f"incidents: {result.incidents:,} on the screen, {result.missing} missing, {result.doubled} doubled",
            f"           {result.joined:,} of them joined to another",
        ]
        for name, one in (("post to screen", result.post_to_screen_ms), ("due to screen", result.due_to_screen_ms)):
            if one is not None:
                lines.append(f"{name:<16} p50 {one.p50:>7} ms   p95 {one.p95:>7}   p99 {one.p99:>7}   max {one.max:>8}")
        lines.append("PASSED" if result.ok else "FAILED")
        answer(result, as_json=as_json, text="\n".join(lines))
        raise typer.Exit(0 if result.ok else 1)

    @group.command("soak")
    def soak(
        rate: Annotated[int, typer.Option(min=1, max=20_000, help="Plate reads a second.")] = 1000,
        minutes: Annotated[float, typer.Option(min=0.1, max=1440, help="For how long.")] = 60.0,
        kafka: Annotated[int, typer.Option(help="Brokers of an Apache Kafka of its own, 1 or 3; 0: embedded.")] = 0,
        sockets: Annotated[int, typer.Option(min=0, max=1000, help="Websockets that take everything.")] = 0,
        seed: Annotated[int, typer.Option(help="The same seed makes the same reads.")] = 1,
        as_json: AsJson = False,
    ) -> None:
        """Run everything for an hour under a steady load: what memory, open files and disk grow by."""
        from compose.bench import crowd
        from compose.bench import soak as bench
        from compose.kafka.cluster import ClusterError
        from compose.kafka.jars import KafkaMissingError

        if kafka not in (0, 1, 3):
            fail("--kafka is 0, 1 or 3.", 2, as_json=as_json)
        try:
            result = asyncio.run(
                bench.run(load(), rate=rate, minutes=minutes, kafka=kafka, seed=seed, say=say, sockets=sockets)
            )
        except (BrokerMissingError, ClusterError, KafkaMissingError, RuntimeError, TimeoutError) as error:
            fail(str(error), as_json=as_json)
        lines = [
            f"reads: {result.accepted:,} accepted of {result.sent:,}, {result.refused:,} refused",
            f"       {result.stored:,} stored, {result.lost} lost, {result.doubled} doubled",
            f"alerts: {result.alerts:,} raised of {result.alerts_due:,} due",
        ]
        lines += [
            f"{name:<10} {role.rss_mb:>8,.0f} MB (most {role.rss_mb_most:,.0f}), {role.rss_mb_per_hour:+,.1f}/h; "
            f"{role.files} files, {role.files_per_hour:+.1f} an hour; {role.restarts} restarts"
            for name, role in result.roles.items()
        ]
        disk = ", ".join(f"{name} {size:,.0f}" for name, size in result.disk_mb_per_million_reads.items())
        lines.append(f"disk, MB for a million reads: {disk}")
        if result.crowd is not None:
            lines += crowd.lines(result.crowd, result.in_time)
        lines.append("PASSED" if result.ok else "FAILED")
        answer(result, as_json=as_json, text="\n".join(lines))
        raise typer.Exit(0 if result.ok else 1)

    @group.command("scale")
    def scale(
        reads: Annotated[int, typer.Option(min=1000, help="Plate reads for each number of workers.")] = 200_000,
        hotlist: Annotated[int, typer.Option(min=0, help="Entries on the hotlist.")] = 100_000,
        zones: Annotated[int, typer.Option(min=0, help="Zones.")] = 500,
        workers: Annotated[list[int] | None, typer.Option(min=1, max=4, help="Workers at once; repeatable.")] = None,
        seed: Annotated[int, typer.Option(help="The same seed makes the same work.")] = 1,
        as_json: AsJson = False,
    ) -> None:
        """Measure 1, 2 and 4 processors on one topic, and what a read costs each role, for a paper of 100,000 a second.

        Needs Apache Kafka: it starts one of its own.
        """
        from compose.bench import scale as bench
        from compose.bench.workload import Size
        from compose.kafka.cluster import ClusterError
        from compose.kafka.jars import KafkaMissingError

        size = Size(reads=reads, hotlist=hotlist, zones=zones, seed=seed)
        try:
            result = bench.run(load(), size, workers or [1, 2, 4], say)
        except (ClusterError, KafkaMissingError, RuntimeError, TimeoutError) as error:
            fail(str(error), as_json=as_json)
        lines = [
            f"{row.workers} workers: {row.events_per_second:>8,} reads/s ({row.against_one} x one worker), "
            f"{row.events_per_cpu_second:>8,} a CPU-second, {row.rss_mb:.0f} MB each"
            for row in result.workers
        ]
        lines += [
            f"{name}: {cost.us_per_read} us a read, {cost.idle_cores} of a core idle; "
            f"at {result.paper_rate:,} reads/s, on paper, {cost.cores_at_paper_rate} cores"
            for name, cost in result.roles.items()
        ]
        lines.append(f"next bottleneck: {result.bottleneck or 'not told'}")
        answer(result, as_json=as_json, text="\n".join(lines))
        raise typer.Exit(0 if result.ok else 1)
