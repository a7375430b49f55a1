package watchfloor.peers;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Properties;

/** What to do, by standard input; see compose/bench/peers/order.py. */
@JsonIgnoreProperties(ignoreUnknown = true)
public final class Order {
    /** Who to be; null where the broker asks nobody. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public static final class Login {
        public String user;
        public String password;
        public String ca_file;
    }

    public String bootstrap;
    public Login login;
    public String group;
    public String input_topic;
    public String output_topic;
    public long reads;
    public String folder;
    public String hotlist;
    public String zones;

    static Order read() throws IOException {
        return new ObjectMapper().readValue(System.in, Order.class);
    }

    /** How a Kafka client is let in. */
    Properties kafka() {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        if (login != null) {
            settings.put("security.protocol", "SASL_SSL");
            settings.put("sasl.mechanism", "SCRAM-SHA-512");
            settings.put("sasl.jaas.config",
                    "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"" + login.user
                            + "\" password=\"" + login.password + "\";");
            settings.put("ssl.truststore.type", "PEM");
            settings.put("ssl.truststore.location", login.ca_file);
        }
        return settings;
    }
}
