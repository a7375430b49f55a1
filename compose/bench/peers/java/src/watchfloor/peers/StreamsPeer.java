package watchfloor.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.AppInfoParser;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;

/** Kafka Streams: one event per message, one thread, at least once. */
public final class StreamsPeer {
    private StreamsPeer() {}

    public static void main(String[] arguments) throws Exception {
        Order order = Order.read();
        Task task = Task.load(order);
        Meter.expect(order.reads);
        Properties settings = order.kafka();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, order.group);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, order.folder + "/state");
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        // Its own defaults are kept: 1,000 records a poll, linger 100 ms, a commit every 30 s.
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(order.input_topic, Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
                .flatMap((key, value) -> alerts(task, value))
                .to(order.output_topic, Produced.with(Serdes.ByteArray(), Serdes.ByteArray()));
        KafkaStreams streams = new KafkaStreams(builder.build(), settings);
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
            return null;
        });
        streams.start();
        Meter.DONE.await();
        streams.close(Duration.ofSeconds(60));
        Meter.tell(AppInfoParser.getVersion());
    }

    private static List<KeyValue<byte[], byte[]>> alerts(Task task, byte[] value) {
        Meter.begin();
        try {
            List<Task.Alert> found = task.one(value);
            List<KeyValue<byte[], byte[]>> made = List.of();
            if (!found.isEmpty()) {
                made = new ArrayList<>(found.size());
                for (Task.Alert alert : found) {
                    made.add(KeyValue.pair(alert.plate().getBytes(), task.encode(alert)));
                }
            }
            Meter.took();
            return made;
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
