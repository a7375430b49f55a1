package watchfloor.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;

/** Flink in one process: one event per message, parallelism 1, a checkpoint every 10 s, at least once. */
public final class FlinkPeer {
    private FlinkPeer() {}

    public static void main(String[] arguments) throws Exception {
        Order order = Order.read();
        Task.load(order);
        Meter.expect(order.reads);
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(1, new Configuration());
        environment.enableCheckpointing(10_000);
        environment.getConfig().enableObjectReuse();
        KafkaSource<byte[]> source = KafkaSource.<byte[]>builder()
                .setProperties(order.kafka())
                .setGroupId(order.group)
                .setTopics(order.input_topic)
                .setStartingOffsets(OffsetsInitializer.earliest())
                // It ends with the topic.
                .setBounded(OffsetsInitializer.latest())
                .setValueOnlyDeserializer(new Bytes())
                .build();
        KafkaSink<Task.Alert> sink = KafkaSink.<Task.Alert>builder()
                .setBootstrapServers(order.bootstrap)
                .setKafkaProducerConfig(order.kafka())
                .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
                .setRecordSerializer(KafkaRecordSerializationSchema.<Task.Alert>builder()
                        .setTopic(order.output_topic)
                        .setKeySerializationSchema(new Key())
                        .setValueSerializationSchema(new Value())
                        .build())
                .build();
        environment.fromSource(source, WatermarkStrategy.noWatermarks(), "reads")
                .flatMap(new Work()).returns(Task.Alert.class)
                .sinkTo(sink);
        environment.execute("peers");
        Meter.tell(EnvironmentInformation.getVersion());
    }

    /** Classes, because Flink must see the type that they are for; a lambda hides it. */
    private static final class Key implements SerializationSchema<Task.Alert> {
        private static final long serialVersionUID = 1L;

        @Override
        public byte[] serialize(Task.Alert alert) {
            return alert.plate().getBytes();
        }
    }

    private static final class Value implements SerializationSchema<Task.Alert> {
        private static final long serialVersionUID = 1L;

        @Override
        public byte[] serialize(Task.Alert alert) {
            try {
                return Task.loaded().encode(alert);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }

    /** The value as it is. */
    private static final class Bytes extends AbstractDeserializationSchema<byte[]> {
        private static final long serialVersionUID = 1L;

        @Override
        public byte[] deserialize(byte[] value) {
            return value;
        }
    }

    /** The work; the list is the process's, which it shares with the only task there is. */
    private static final class Work implements FlatMapFunction<byte[], Task.Alert> {
        private static final long serialVersionUID = 1L;

        @Override
        public void flatMap(byte[] value, Collector<Task.Alert> out) throws IOException {
            Meter.begin();
            Task.loaded().one(value).forEach(out::collect);
            Meter.took();
        }
    }
}
