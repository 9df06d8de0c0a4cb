"""The settings and commands of the device library that have a name in all languages.

Source: docs/wire/milesight.md, Names and labels.
"""

from .library_names import KnownName, known

SETTING_NAMES: tuple[KnownName, ...] = (
    *known(
        {
            "report_interval": ("Report Interval",),
            "reporting_interval": ("Reporting Interval",),
            "collection_interval": ("Collection Interval",),
            "resend_interval": ("Resend Interval",),
            "retransmit_interval": ("Retransmit Interval",),
            "alarm_report_interval": ("Alarm Report Interval",),
            "alarm_report_counts": ("Alarm Report Counts", "Alarm Count"),
            "recollection_config.interval": ("Recollection Config (Interval)",),
            "recollection_config.counts": ("Recollection Config (Counts)",),
            "child_lock_config.lock_time": ("Child Lock Config (Lock Time)",),
            "dst_config.offset": (
                "Daylight Saving Time (Offset)",
                "Daylight Saving Time Offset",
            ),
            "temperature_alarm_config.threshold_max": (
                "Temperature Alarm Config (Threshold Max)",
                "Temperature Threshold Alarm Config (Max Threshold)",
                "Temperature Alarm Config (Max Threshold)",
            ),
            "temperature_alarm_config.threshold_min": (
                "Temperature Alarm Config (Threshold Min)",
                "Temperature Threshold Alarm Config (Min Threshold)",
                "Temperature Alarm Config (Min Threshold)",
            ),
            "temperature_mutation_alarm_config.mutation": (
                "Temperature Mutation Alarm Config (Mutation)",
                "Temperature Mutation Config (Threshold)",
            ),
            "temperature_calibration_settings.calibration_value": (
                "Temperature Calibration Settings (Calibration Value)",
                "Temperature Calibration Config (Calibration Value)",
            ),
            "humidity_calibration_settings.calibration_value": (
                "Humidity Calibration Settings (Calibration Value)",
            ),
            "co2_calibration_settings.calibration_value": (
                "CO2 Calibration Value",
                "CO2 Calibration Settings (Calibration Value)",
                "CO2 Calibration Settings (Value)",
            ),
            "gpio_counter_{number}": (
                "GPIO Counter (Channel {number})",
                "GPIO Counter {number}",
            ),
            "adc_{number}": ("ADC {number}",),
            "adc_{number}_avg": ("ADC Avg (Channel {number})",),
            "adc_{number}_min": ("ADC Min (Channel {number})",),
            "adc_{number}_max": ("ADC Max (Channel {number})",),
            "valve_{number}_pulse": ("Valve {number} pulse",),
            "target_temperature": ("Target Temperature",),
            "target_temperature.target_temperature": (
                "Target Temperature",
                "Target Temperature (Target Temperature)",
            ),
            "outside_temperature": ("Outside Temperature",),
            "valve_opening": ("Valve Opening",),
        },
        forms="NS",
    ),
    *known(
        {
            "history_enable": ("History Enable",),
            "retransmit_enable": ("Retransmit Enable",),
            "time_sync_enable": ("Time Sync Enable",),
            "buzzer_enable": ("Buzzer Enable",),
            "led_indicator_enable": ("LED Indicator Enable",),
            "screen_display_enable": ("Screen Display Enable",),
            "child_lock_config.enable": (
                "Child Lock Config (Enable)",
                "Child Lock Enable",
            ),
            "power_consumption_enable": ("Power Consumption Enable",),
            "alarm_release_enable": (
                "Alarm Release Enable",
                "Threshold Alarm Release Enable",
            ),
            "confirm_mode_enable": ("Confirm Mode Enable",),
            "d2d_enable": ("D2D Enable",),
            "d2d_master_enable": ("D2D Controller Enable", "D2D Master Enable"),
            "hibernate_config.enable": ("Hibernate Config (Enable)",),
            "dst_config.enable": (
                "Daylight Saving Time (Enable)",
                "Daylight Saving Time Enable",
            ),
        },
        forms="LW",
        states="disabled enabled no yes",
    ),
    *known(
        {
            "dst_config.start_month": (
                "Daylight Saving Time (Start Month)",
                "Daylight Saving Time Start Month",
            ),
            "dst_config.end_month": (
                "Daylight Saving Time (End Month)",
                "Daylight Saving Time End Month",
            ),
        },
        forms="L",
        states=(
            "january february march april may june july august september "
            "october november december"
        ),
    ),
    *known(
        {
            "time_zone": ("Time Zone",),
            "tvoc_unit": ("TVOC Unit",),
        },
        forms="L",
    ),
    *known(
        {
            "lorawan_class": ("LoRaWAN Class Type", "LoRaWAN Work Mode"),
        },
        forms="LS",
        states="class_a class_b class_c class_ctob",
    ),
    *known(
        {
            "system_status": ("System Status", "System On/Off"),
            "buzzer_status": ("Buzzer Status",),
            "switch_{number}": ("Switch {number}",),
            "socket_status": ("Socket Status", "Switch Status"),
        },
        forms="BW",
        states="off on",
    ),
    *known(
        {
            "reboot": ("Reboot",),
            "report_status": ("Report Status",),
            "query_device_status": ("Query Device Status", "Device Status Query"),
            "query_status": ("Query Status",),
            "sync_time": ("Sync Time",),
            "synchronize_time": ("Time Synchronize", "Synchronize Time"),
            "stop_transmit": ("Stop Transmit",),
            "stop_buzzer": ("Stop Buzzer",),
            "reconnect": ("Network Reconnection", "Reconnect"),
        },
        forms="UW",
        states="no yes",
    ),
    *known(
        {
            "clear_history": ("Clear History", "Clear History Data"),
            "clear_current_cumulative": ("Clear Current Cumulative",),
            "clear_current_chn{number}_cumulative": (
                "Clear Current Channel {number} Cumulative",
            ),
            "clear_valve_{number}_pulse": ("Clear Valve {number} Pulse",),
        },
        forms="U",
    ),
    *known(
        {
            "cancel_delay_task": ("Cancel Delay Task",),
        },
        forms="LNSU",
    ),
    *known(
        {
            "modbus_chn_{number}": ("Modbus Channel {number}",),
            "modbus_chn_{number}_mutation": ("Modbus Channel {number} (Mutation)",),
            "modbus_chn_{number}_reg_{register}": (
                "Modbus Channel {number} (Register {register})",
            ),
            "modbus_chn_{number}_reg_{register}_mutation": (
                "Modbus Channel {number} (Register {register} Mutation)",
            ),
        },
        forms="BNS",
    ),
    *known(
        {
            "temperature_alarm_config.enable": (
                "Temperature Alarm Config (Enable)",
                "Temperature Threshold Config (Enable)",
            ),
            "temperature_mutation_alarm_config.enable": (
                "Temperature Mutation Alarm Config (Enable)",
                "Temperature Mutation Config (Enable)",
            ),
            "temperature_calibration_settings.enable": (
                "Temperature Calibration Settings (Enable)",
                "Temperature Calibration Config (Enable)",
            ),
            "humidity_calibration_settings.enable": (
                "Humidity Calibration Settings (Enable)",
            ),
            "co2_calibration_enable": ("CO2 Calibration Enable",),
            "co2_abc_calibration_enable": ("CO2 ABC Calibration Enable",),
            "region_{number}_enable": ("Region {number} (Enable)",),
        },
        forms="W",
        states="disabled enabled",
    ),
    *known(
        {
            "temperature_alarm_config.condition": (
                "Temperature Alarm Config (Condition)",
                "Temperature Threshold Alarm Config (Condition)",
                "Temperature Alarm (Condition)",
            ),
        },
        forms="L",
        states="disabled below above between outside",
    ),
    *known(
        {
            "co2_calibration_settings.mode": (
                "CO2 Calibration Mode",
                "CO2 Calibration Settings (Mode)",
            ),
        },
        forms="L",
        states="factory abc manual background zero",
    ),
    *known(
        {
            "led_indicator_mode": ("LED Indicator Mode", "LED Indicator"),
        },
        forms="L",
        states="off on blink disabled enabled",
    ),
    *known(
        {
            "led_mode": ("LED Mode", "LED Indicator"),
        },
        forms="LSW",
        states="disabled enabled off on_inverted on_synced",
    ),
    *known(
        {
            "temperature_unit": ("Temperature Unit",),
        },
        forms="L",
        states="celsius fahrenheit",
    ),
    *known(
        {
            "button_{number}": ("Button {number}",),
        },
        forms="BLSW",
        states="released pressed",
    ),
    *known(
        {
            "gpio_{number}": ("GPIO {number}",),
            "gpio_output_{number}": (
                "GPIO Output (Channel {number})",
                "GPIO Output {number}",
            ),
        },
        forms="BLSW",
        states="low high off on",
    ),
    *known(
        {
            "valve_{number}": ("Valve {number}",),
        },
        forms="BW",
        states="closed open",
    ),
    *known(
        {
            "valve_{number}_direction": ("Valve {number} Direction",),
        },
        forms="LS",
    ),
)
"""The usual settings and commands with the names that they have by default."""
