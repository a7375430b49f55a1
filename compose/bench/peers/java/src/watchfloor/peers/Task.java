package watchfloor.peers;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.locationtech.jts.algorithm.locate.IndexedPointInAreaLocator;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.Location;
import org.locationtech.jts.index.strtree.STRtree;

/** The work that every engine must do with a read, in Java; see compose/bench/peers/task.py. */
final class Task {
    private static final String[] LOOK_ALIKES = {"0ODQ", "1I", "2Z", "5S", "8B", "6G"};
    private static final char[] FOLD = new char[128];
    private static final int MAX_SUBSTITUTIONS = 2;
    private static final double MIN_CANDIDATE_CONFIDENCE = 0.5;

    static {
        for (char at = 0; at < FOLD.length; at++) {
            FOLD[at] = at;
        }
        for (String group : LOOK_ALIKES) {
            for (char one : group.toCharArray()) {
                FOLD[one] = group.charAt(0);
            }
        }
    }

    /** An entry of the list. */
    record Entry(String listId, String entryId, String plate) {}

    /** A zone, with an index of its edges. */
    record Zone(String id, IndexedPointInAreaLocator locator) {}

    /** What a peer writes to its topic. */
    public record Alert(UUID read_id, String plate, String list_id, String entry_id, List<String> zones) {}

    private static Task loaded;

    private final Map<String, List<Entry>> byFold;
    private final STRtree zones = new STRtree();
    private final ObjectReader reader;
    private final ObjectWriter writer;

    private Task(Order order) throws IOException {
        SimpleModule times = new SimpleModule().addDeserializer(Instant.class, new InstantOfText());
        ObjectMapper mapper = new ObjectMapper().registerModule(times);
        reader = mapper.readerFor(PlateRead.class);
        writer = mapper.writerFor(Alert.class);
        byFold = new HashMap<>();
        try (BufferedReader lines = Files.newBufferedReader(Path.of(order.hotlist))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] parts = line.split("\t");
                Entry entry = new Entry(parts[0].intern(), parts[1], parts[2]);
                byFold.merge(fold(entry.plate), List.of(entry), (known, more) -> {
                    List<Entry> both = new ArrayList<>(known);
                    both.addAll(more);
                    return List.copyOf(both);
                });
            }
        }
        GeometryFactory geometry = new GeometryFactory();
        for (JsonNode zone : mapper.readTree(Path.of(order.zones).toFile())) {
            List<Coordinate> ring = new ArrayList<>();
            zone.get("ring").forEach(point -> ring.add(new Coordinate(point.get(0).asDouble(), point.get(1).asDouble())));
            var area = geometry.createPolygon(ring.toArray(Coordinate[]::new));
            zones.insert(area.getEnvelopeInternal(),
                    new Zone(zone.get("id").asText(), new IndexedPointInAreaLocator(area)));
        }
        zones.build();
    }

    /** Load it once for the process. */
    static synchronized Task load(Order order) throws IOException {
        if (loaded == null) {
            loaded = new Task(order);
        }
        return loaded;
    }

    static synchronized Task loaded() {
        return loaded;
    }

    /** The alerts of one read, given as JSON. */
    List<Alert> one(byte[] value) throws IOException {
        PlateRead read = reader.readValue(value);
        List<String> inside = read.lat == null || read.lon == null ? List.of() : zonesOf(read.lon, read.lat);
        List<Alert> alerts = null;
        String plate = normalise(read.plate_raw);
        for (Entry entry : byFold.getOrDefault(fold(plate), List.of())) {
            if (substitutions(plate, entry.plate) <= MAX_SUBSTITUTIONS) {
                alerts = add(alerts, read, plate, entry, inside);
            }
        }
        for (PlateRead.Candidate candidate : read.candidates) {
            if (candidate.confidence >= MIN_CANDIDATE_CONFIDENCE) {
                for (Entry entry : byFold.getOrDefault(fold(candidate.plate), List.of())) {
                    if (entry.plate.equals(candidate.plate) && !known(alerts, entry)) {
                        alerts = add(alerts, read, candidate.plate, entry, inside);
                    }
                }
            }
        }
        return alerts == null ? List.of() : alerts;
    }

    byte[] encode(Alert alert) throws IOException {
        return writer.writeValueAsBytes(alert);
    }

    private List<String> zonesOf(double lon, double lat) {
        Coordinate place = new Coordinate(lon, lat);
        List<String> inside = new ArrayList<>();
        zones.query(new Envelope(place), item -> {
            Zone zone = (Zone) item;
            if (zone.locator.locate(place) == Location.INTERIOR) {
                inside.add(zone.id);
            }
        });
        return inside;
    }

    private static List<Alert> add(List<Alert> alerts, PlateRead read, String plate, Entry entry, List<String> inside) {
        List<Alert> more = alerts == null ? new ArrayList<>(1) : alerts;
        more.add(new Alert(read.event_id, plate, entry.listId, entry.entryId, inside));
        return more;
    }

    private static boolean known(List<Alert> alerts, Entry entry) {
        return alerts != null && alerts.stream().anyMatch(
                one -> one.list_id.equals(entry.listId) && one.entry_id.equals(entry.entryId));
    }

    private static int substitutions(String read, String listed) {
        int differ = 0;
        for (int at = 0; at < read.length(); at++) {
            if (read.charAt(at) != listed.charAt(at)) {
                differ++;
            }
        }
        return differ;
    }

    static String fold(String plate) {
        char[] folded = plate.toCharArray();
        for (int at = 0; at < folded.length; at++) {
            if (folded[at] < FOLD.length) {
                folded[at] = FOLD[folded[at]];
            }
        }
        return new String(folded);
    }

    static String normalise(String raw) {
        String upper = Normalizer.normalize(raw, Normalizer.Form.NFKC).toUpperCase(Locale.ROOT);
        StringBuilder kept = new StringBuilder(upper.length());
        upper.codePoints().filter(Character::isLetterOrDigit).forEach(kept::appendCodePoint);
        return Normalizer.normalize(kept, Normalizer.Form.NFKC);
    }

    /** Times as the wire has them (RFC 3339, UTC). */
    private static final class InstantOfText extends StdDeserializer<Instant> {
        private static final long serialVersionUID = 1L;

        InstantOfText() {
            super(Instant.class);
        }

        @Override
        public Instant deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            return Instant.parse(parser.getText());
        }
    }
}
