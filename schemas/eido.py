"""The words of EIDO (NENA-STA-021.1b-2022) and ours: its registries, which who reads and who writes it share."""

from __future__ import annotations

from types import MappingProxyType

VERSION = "1.0"

#: Incident status registry, from what ends an incident to what begins it: of several that hold, the first decides.
#: FireUnderControl, NewLocation and StructureCleared say what happens at an incident that goes on.
STATUSES = (
    ("Cancelled", "cancelled"),
    ("Canceled", "cancelled"),
    ("Closed", "closed"),
    ("ResourcesOnscene", "on_scene"),
    ("FireUnderControl", "on_scene"),
    ("StructureCleared", "on_scene"),
    ("ResourcesEnroute", "en_route"),
    ("ResourcesAssigned", "dispatched"),
    ("ReOpened", "received"),
    ("NewLocation", "received"),
    ("Active", "received"),
)
#: A status that takes back that the incident is over.
REOPENED = "ReOpened"
#: Our stages of an incident in the registry's words, for who receives them.
STAGE_STATUSES = MappingProxyType(
    {
        "": ("Active",), "opened": ("Active",), "assigned": ("Active", "ResourcesAssigned"),
        "en_route": ("Active", "ResourcesEnroute"), "on_scene": ("Active", "ResourcesOnscene"),
        "reopened": ("ReOpened",), "split": ("Active",), "closed": ("Closed",), "merged": ("Closed",),
        "cancelled": ("Cancelled",),
    }
)  # fmt: skip

#: Location type registry and our roles of a location.
LOCATION_ROLES = MappingProxyType(
    {
        "Caller": "caller", "CurrentIncident": "incident", "InitialIncident": "initial_incident",
        "TowerLocation": "tower", "RoutingLocation": "routing", "Staging": "staging", "UnitLocation": "unit",
        "Investigation": "other", "Other": "other",
    }
)  # fmt: skip
LOCATION_TYPES = MappingProxyType({role: name for name, role in LOCATION_ROLES.items()})

#: Vehicle relation registry and our relations.
VEHICLE_RELATIONS = MappingProxyType(
    {
        "SuspectVehicle": "suspect", "VictimVehicle": "victim", "InvolvedVehicle": "involved",
        "AccidentVehicle": "accident", "WitnessVehicle": "witness", "ResponseVehicle": "response",
    }
)  # fmt: skip
VEHICLE_TYPES = MappingProxyType({ours: name for name, ours in VEHICLE_RELATIONS.items()})

#: Primary unit status registry and our unit statuses.
UNIT_STATUSES = MappingProxyType(
    {
        "Available": "available",
        "ConditionallyAvailable": "conditionally_available",
        "NotAvailable": "not_available",
    }
)

#: Words for a call's urgency (priorityIdentifier) on the scale of the incident's number, 0..10, 10 highest.
CALL_PRIORITIES = MappingProxyType({"highest": 10, "high": 8, "normal": 5, "low": 2, "lowest": 0})


#: Registries are compared without case and without what stands between words.
def folded(word: str) -> str:
    """Return a registry's word in comparable form."""
    return "".join(char for char in word.lower() if char.isalnum())


#: Components by right: what a recipient without the right does not get (A9). Incident, calls, units, agencies, agents,
#: merges and links go to every recipient; what is not known here needs the right "extension".
RIGHTS = MappingProxyType(
    {
        "person": ("personComponent", "callbackComponent", "organizationComponent"),
        "medical": ("additionalDataComponent", "alarmsSensorsComponent"),
        "notes": ("notesComponent",),
        "location": ("locationComponent",),
        "vehicle": ("vehicleComponent", "itemComponent"),
        "caution": ("cautionComponent",),
        "media": (
            "mediaComponent",
            "sharedCommunicationResourceComponent",
            "externalInformationSourceComponent",
        ),
        "extension": (),
    }
)
#: APCO codes for our categories, where a call came without one.
CATEGORY_CODES = MappingProxyType(
    {
        "shooting": "SHOOT", "stabbing": "STABBING", "homicide": "HOMICIDE", "robbery": "ROBBERY",
        "carjacking": "CARJACK", "sexual_assault": "SEXOFFNS", "kidnapping": "ABDUCTF", "assault": "ASSAULT",
        "weapon": "WEAPON", "domestic": "DVA", "burglary": "BURGLARY", "theft": "LARCENY", "vehicle_theft": "VEHSTLN",
        "traffic": "MVA", "medical": "SICK", "fire": "FUNK", "missing_person": "SAR", "disturbance": "DISORD",
        "suspicious": "SUSP", "alarm": "ALRU", "drugs": "DRUGS", "property_damage": "VANDAL", "welfare": "WELFARE",
    }
)  # fmt: skip
#: For kinds that have none.
OTHER_CODE = "INFO"
#: Members spelt otherwise in the standard's text and in drafts, by the schema's spelling (A7).
SPELLINGS = MappingProxyType(
    {
        "alarmsSensorsComponent": ("alarmsSensorComponent",),
        "dispositionComponent": ("disposition",),
        "locationComponent": ("locationInformationComponent",),
        "personComponent": ("personInformationComponent",),
        "vehicleComponent": ("vehicleInformationComponent",),
        "callComponent": ("callInformationComponent",),
        "incidentComponent": ("incidentInformationComponent",),
        "linkComponent": ("linkInformationComponent",),
        "mergeComponent": ("mergeInformationComponent",),
        "dispatchComponent": ("dispatchInformationComponent",),
        "AlternateValueReferences": ("alternateValueReferences",),
        "updatedByAgencyReference": ("owningAgencyIdentifier", "owningAgencyReference", "updatedByAgencyIdentifier"),
        "updatedByAgentReference": ("updatedByAgentIdentifier",),
    }
)
