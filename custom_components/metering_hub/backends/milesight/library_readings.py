"""The readings of the device library that have a name in all languages.

Source: docs/wire/milesight.md, Names and labels.
"""

from .library_names import KnownName, known

READING_NAMES: tuple[KnownName, ...] = (
    *known(
        {
            "device_status": ("Device Status",),
        },
        forms="B",
        states="off on",
    ),
    *known(
        {
            "reset_event": ("Reset Event",),
        },
        forms="BS",
        states="normal reset",
    ),
    *known(
        {
            "firmware_version": ("Firmware Version",),
            "hardware_version": ("Hardware Version",),
            "version.firmware_version": (
                "Firmware Version",
                "Firmware Version (Product Version)",
            ),
            "version.hardware_version": (
                "Hardware Version",
                "Hardware Version (Product Version)",
            ),
            "ipso_version": ("IPSO Version", "IPSO"),
            "tsl_version": ("TSL Version",),
            "oem_id": ("OEM ID",),
            "product_sn": ("Product SN", "SN"),
            "current_chn{number}": ("Current Channel {number}",),
            "current_chn{number}_max": ("Current Channel {number} Max",),
            "current_chn{number}_min": ("Current Channel {number} Min",),
            "current_chn{number}_total": ("Current Channel {number} Total",),
            "current_max": ("Current Max",),
            "current_min": ("Current Min",),
            "total_current": ("Total Current",),
            "temperature_mutation": ("Temperature Mutation", "Temperature Change"),
            "light_level": ("Light Level",),
            "button_{number}_msgid": ("Button {number} Press Message Id",),
            "button_{number}_d2d": ("Button {number} D2D Command",),
            "region_{number}_count": ("Region {number} Count",),
            "line_{number}_total_in": ("Line {number} Total In",),
            "line_{number}_total_out": ("Line {number} Total Out",),
            "line_{number}_period_in": ("Line {number} Period In",),
            "line_{number}_period_out": ("Line {number} Period Out",),
            "motor_stroke": ("Motor Stroke",),
            "custom_message": ("Custom Message",),
            "tvoc": ("TVOC",),
            "line_{number}_child_period_in": ("Line {number} Child Period In",),
            "line_{number}_child_period_out": ("Line {number} Child Period Out",),
            "line_{number}_child_total_in": ("Line {number} Child Total In",),
            "line_{number}_child_total_out": ("Line {number} Child Total Out",),
            "region_{number}_avg_dwell": ("Region {number} Average Dwell",),
            "region_{number}_max_dwell": ("Region {number} Maximum Dwell",),
            "region_{number}_child_count": ("Region {number} Child Count",),
            "region_{number}_child_avg_dwell": ("Region {number} Child Average Dwell",),
            "region_{number}_child_max_dwell": ("Region {number} Child Maximum Dwell",),
            "hcho": ("HCHO",),
            "temperature_chn{number}": ("Temperature (Channel {number})",),
            "temperature_chn{number}_mutation": (
                "Temperature (Channel {number}) Mutation",
            ),
            "current_rating": ("Current Rating",),
            "pressure_{number}": ("Pressure {number}",),
            "total_in": ("Total In",),
            "total_out": ("Total Out",),
            "period_in": ("Period In",),
            "period_out": ("Period Out",),
        },
        forms="S",
    ),
    *known(
        {
            "current_chn{number}_sensor_status": (
                "Current Channel {number} Sensor Status",
            ),
            "current_sensor_status": ("Current Sensor Status",),
        },
        forms="S",
        states="normal over_range_alarm read_failed",
    ),
    *known(
        {
            "temperature_sensor_status": ("Temperature Sensor Status",),
        },
        forms="S",
        states=(
            "normal over_range_alarm over_range under_range out_of_range "
            "read_failed read_error collection_error"
        ),
    ),
    *known(
        {
            "humidity_sensor_status": ("Humidity Sensor Status",),
        },
        forms="S",
        states=(
            "normal over_range under_range out_of_range read_failed read_error "
            "collection_error"
        ),
    ),
    *known(
        {
            "temperature_alarm": ("Temperature Alarm",),
        },
        forms="S",
        states=(
            "normal abnormal threshold_alarm threshold_alarm_released "
            "mutation_alarm collection_error lower_range_error over_range_error "
            "no_data"
        ),
    ),
    *known(
        {
            "pir": ("PIR",),
        },
        forms="BS",
        states="normal triggered idle",
    ),
    *known(
        {
            "region_{number}": ("Region {number}", "Region {number} (Status)"),
            "region_{number}_occupancy": ("Region {number} Occupancy",),
        },
        forms="B",
        states="vacant occupied",
    ),
    *known(
        {
            "switch_{number}_change": ("Changing Status of Switch {number}",),
        },
        forms="B",
        states="no yes",
    ),
    *known(
        {
            "gpio_input_{number}": (
                "GPIO Input (Channel {number})",
                "GPIO Input {number}",
            ),
        },
        forms="BS",
        states="low high off on",
    ),
    *known(
        {
            "leakage_status": (
                "Water Leak Status",
                "Leakage Status",
                "Water Leakage Status",
                "Leak Status",
            ),
        },
        forms="B",
        states="normal leak",
    ),
    *known(
        {
            "magnet_status": ("Door Status", "Magnet Status", "Magnetic Status"),
            "magnet_chn{number}": ("Magnet (Channel {number})",),
        },
        forms="B",
        states="closed open",
    ),
    *known(
        {
            "distance_alarm": ("Distance Alarm",),
            "humidity_alarm": ("Humidity Alarm",),
        },
        forms="S",
        states=("normal threshold_alarm threshold_alarm_released mutation_alarm"),
    ),
)
"""The usual readings with the names that they have by default."""
