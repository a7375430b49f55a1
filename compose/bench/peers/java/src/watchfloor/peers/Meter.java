package watchfloor.peers;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** Marks before the first event, half way and after the last one; see compose/bench/peers/meter.py. One thread calls. */
final class Meter {
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    /** Open until the last event was worked on. */
    static final CountDownLatch DONE = new CountDownLatch(1);

    private static final StringBuilder MARKS = new StringBuilder();
    private static long events;
    private static long total;

    private Meter() {}

    static void expect(long reads) {
        total = reads;
    }

    static void begin() {
        if (events == 0 && MARKS.length() == 0) {
            mark();
        }
    }

    static void took() {
        events++;
        if (events == Math.max(1, total / 2) || events == total) {
            mark();
            if (events == total) {
                DONE.countDown();
            }
        }
    }

    /** CPU of the whole process: the collector's and the compiler's threads too. */
    private static void mark() {
        if (MARKS.length() > 0) {
            MARKS.append(',');
        }
        MARKS.append("{\"events\":").append(events)
                .append(",\"cpu_s\":").append(SYSTEM.getProcessCpuTime() / 1e9)
                .append(",\"wall_s\":").append(System.nanoTime() / 1e9).append('}');
    }

    static void tell(String version) throws IOException {
        String peak = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM:")).findFirst().orElseThrow().replaceAll("\\D", "");
        System.out.println("\n{\"marks\":[" + MARKS + "],\"peak_rss_mb\":" + Long.parseLong(peak) / 1024.0
                + ",\"version\":\"" + version + "\"}");
    }
}
