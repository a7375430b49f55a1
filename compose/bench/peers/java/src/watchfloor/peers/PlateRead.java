package watchfloor.peers;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** A plate read with all its fields; see schemas/events/plate_read.py. */
@JsonIgnoreProperties(ignoreUnknown = true)
public final class PlateRead {
    /** Another reading. */
    public static final class Candidate {
        public String plate;
        public double confidence;
    }

    public UUID event_id;
    public Instant occurred_at;
    public Instant observed_at;
    public String source;
    public String jurisdiction;
    public boolean synthetic;
    public String camera_id;
    public String plate;
    public String plate_raw;
    public double confidence;
    public String plate_region;
    public Double region_confidence;
    public List<Candidate> candidates = List.of();
    public Double lat;
    public Double lon;
    public Double heading_deg;
    public Double speed_kmh;
    public String vehicle_make;
    public String vehicle_model;
    public String vehicle_colour;
    public String vehicle_body;
    public boolean is_preview;
    public boolean is_parked;
    public String image_ref;
    public String native_id;
}
