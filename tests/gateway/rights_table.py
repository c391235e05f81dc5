"""What each operation of the API asks for, written down apart from the routes: who adds one says here who may use it.

Scopes joined by `|` do singly, those joined by `&` are all needed; `self` is a person's who signed in, for what is
their own. An operation that is nowhere here fails `test_second_identity.py`.
"""

ASKED = {
    "admin:read | people:read | self": """
        list_works_council_modes
    """,
    "admin:read & people:read": """
        export_evidence_chain
    """,
    "admin:read & conversations:read": """
        get_supervision_export get_supervision_file list_supervision_exports
    """,
    "admin:read": """
        get_api_key get_badge_key get_evidence_proof get_notice_preferences get_export_run get_export_schedule
        get_legal_hold get_webhook get_webhook_delivery list_api_keys list_audit_entries list_badge_keys
        list_dead_letters list_evidence list_evidence_heads list_export_runs list_export_schedules list_legal_holds
        list_services list_set_aside list_webhook_deliveries list_webhooks
    """,
    "admin:write & conversations:read": """
        request_supervision_export
    """,
    "admin:write": """
        propose_works_council_change confirm_works_council_change
        ask_legal_hold_release change_webhook confirm_legal_hold_release create_api_key create_export_schedule
        create_webhook delete_export_schedule delete_webhook pause_webhook place_legal_hold replay_dead_letter
        replay_events set_notice_preferences replay_webhook resume_webhook retry_set_aside retry_webhook_delivery revoke_api_key
        revoke_badge_key rotate_api_key rotate_badge_key rotate_webhook_secret start_export_run test_webhook
        update_export_schedule
    """,
    "certificates:read | conversations:read": """
        get_routing_requirements
    """,
    "certificates:read | self": """
        get_badge get_badge_as_png get_badge_as_svg get_certificate get_delta list_certificate_history list_certificates
        list_certificates_of_person list_deltas
    """,
    "certificates:read | self | training:read": """
        get_certification list_certifications
    """,
    "certificates:read": """
        export_certificates find_certificate_statuses get_certificate_coverage get_certificate_operation
        get_suspension_proposal
        list_certificate_changes list_certificate_operation_items list_certificate_operations list_suspension_proposals
    """,
    "certificates:write | monitoring:write": """
        propose_suspension
    """,
    "certificates:write": """
        decide_suspension_proposal reinstate_certificate revoke_certificate run_certificate_operation
        suspend_certificate
    """,
    "conversations:read | monitoring:read": """
        get_load get_simulation list_service_figures
    """,
    "conversations:read | self": """
        get_availability get_conversation get_pause get_reply get_saved_answer list_conversations
        list_earlier_conversations list_pauses list_replies list_reply_reviews list_saved_answers
    """,
    "conversations:read | team:read": """
        list_routing_gaps
    """,
    "conversations:read": """
        get_service_promise get_static_content list_routing_queue list_service_promises list_static_content
    """,
    "conversations:write | self": """
        accept_conversation add_note approve_reply confirm_presence hand_off_conversation reply_to_conversation
        resolve_conversation return_reply review_reply set_availability
    """,
    "conversations:write": """
        add_message change_saved_answer create_static_content decide_static_version end_pause push_conversation
        remove_saved_answer remove_service_promise report_delivery request_simulation resend_reply save_answer
        set_routing_requirements set_service_promise start_pause use_static_version withdraw_static_version
        write_static_version
    """,
    "events:read": """
        stream_events
    """,
    "monitoring:read | policies:read": """
        list_shadow_rules
    """,
    "monitoring:read | self": """
        get_account get_autonomy get_digest get_finding get_guidance get_post list_accounts list_findings list_guidance
        get_post_thread list_guidance_messages list_posts
    """,
    "monitoring:read | team:read": """
        list_section_findings
    """,
    "monitoring:read | training:read": """
        get_refreshers
    """,
    "monitoring:read": """
        get_brand_terms get_guidance_figures get_guidance_template get_series get_source get_summary get_triage_cues
        list_autonomy_to_decide list_coaching_queue list_department_digests list_dropped_posts list_guidance_templates
        list_source_runs list_sources list_triage_cues try_triage
    """,
    "monitoring:write | self": """
        acknowledge_guidance appeal_autonomy appeal_guidance note_reading prove_account register_account remove_account
        send_guidance_message
    """,
    "monitoring:write & admin:write": """
        rebuild_summary
    """,
    "monitoring:write": """
        change_autonomy change_source claim_finding claim_next_finding create_guidance_template create_source
        dismiss_finding give_guidance give_praise open_finding_text pause_source propose_suspension_for_finding
        put_brand_terms receive_posts release_finding remove_guidance_template remove_source replace_guidance_template
        replace_triage_cues reset_triage_cues resume_source run_source set_refreshers test_source
    """,
    "people:read | self": """
        export_personal_data get_acknowledgement_receipt get_person list_access list_people list_people_in_campaign
        list_policy_acknowledgements list_retention
    """,
    "people:read": """
        get_erasure get_person_sources get_scim_config get_scim_group get_scim_resource_type get_scim_schema
        get_scim_user list_authority list_scim_groups list_scim_resource_types list_scim_schemas list_scim_users
        search_scim search_scim_groups search_scim_root search_scim_users
    """,
    "people:write | self | training:write": """
        get_accommodation
    """,
    "people:write | training:write": """
        set_accommodation
    """,
    "people:write & admin:write": """
        erase_person
    """,
    "people:write": """
        create_person create_scim_group create_scim_user delete_import_mapping delete_scim_group delete_scim_user
        get_import get_import_mapping import_people list_import_mappings list_import_rows list_imports match_people
        merge_person put_authority put_import_mapping replace_scim_group replace_scim_user run_scim_bulk update_person
        update_scim_group update_scim_user
    """,
    "policies:read | self": """
        check_draft get_approval_request get_check get_faq_entry get_policy list_approval_requests list_faq_entries
        list_policies search_policies
    """,
    "policies:read": """
        compare_policy_versions create_embed_token get_acknowledgement_campaign get_acknowledgement_statistics
        get_backtest get_emergency_rule get_policy_quorum get_policy_translation get_policy_version lint_policy_version
        list_acknowledgement_campaigns list_emergency_rules list_policy_backtests list_policy_translations
        list_policy_versions preview_policy_version watch_backtest
    """,
    "policies:write | self": """
        acknowledge_policy_version approve_policy_version confirm_emergency_rule create_approval_request
        decide_approval_request end_emergency_rule propose_emergency_rule
    """,
    "policies:write": """
        cancel_backtest change_faq_entry close_acknowledgement_campaign create_acknowledgement_campaign create_faq_entry
        create_policy create_policy_version delete_faq_entry end_exemption exempt_person preview_policy_source publish_policy_version
        recall_policy_version request_policy_backtest request_policy_review update_acknowledgement_campaign
        update_policy_quorum update_policy_translation update_policy_version withdraw_policy_version
    """,
    "self | team:read": """
        get_nomination get_question get_task_team get_task_team_coverage get_task_team_seat list_nominations
        list_questions list_task_team_handovers list_task_team_members list_task_team_seats list_waiting_nominations
    """,
    "self | team:write": """
        answer_nomination_offer answer_question ask_question create_nomination endorse_nomination
        hand_over_task_team_seat leave_task_team_seat rate_answer reassign_question turn_question_into_faq
        withdraw_nomination
    """,
    "self | training:read": """
        get_attempt get_course get_course_asset get_enrolment get_enrolment_module get_learning_path get_live_session
        get_plan get_scenario_run get_task_submission list_catalogue list_completions list_courses list_enrolments
        list_learning_paths list_learning_paths_of_person list_live_registrations list_live_sessions list_people_on_path
        list_task_submissions
    """,
    "self | training:write": """
        change_enrolment_version complete_delta complete_lesson complete_reading create_attempt create_enrolment
        create_live_registration create_scenario_choice create_scenario_run create_task_submission
        delete_live_registration enrol_for_delta join_learning_path put_answer put_enrolment_position submit_attempt
        take_live_attendance
    """,
    "self": """
        end_session get_own_notice_preferences get_sharing list_notices list_sessions put_sharing read_notice
        set_own_notice_preferences
    """,
    "team:write": """
        change_task_team change_task_team_seat create_task_team_seat decide_nomination delete_task_team_seat
        put_task_team_seat
    """,
    "training:read | training:write": """
        review_task_submission
    """,
    "training:read": """
        get_enrolment_rule get_learning_statistics get_offer get_refresher_proposal list_enrolment_rules
        list_external_courses list_refresher_proposals
    """,
    "training:write": """
        put_external_course
        cancel_live_session create_certification create_completion create_course create_course_asset
        create_course_question create_course_version create_enrolment_batch create_enrolment_rule create_learning_path
        create_live_session decide_refresher_proposal export_questions_as_aiken export_questions_as_gift
        export_questions_as_moodle_xml get_course_question get_course_version grant_attempts import_completions
        import_questions list_course_assets list_course_question_versions list_course_questions list_course_versions
        list_item_analysis preview_certification preview_enrolment_rule publish_course_version put_offer
        reinstate_course_question replace_course_question retire_course_question update_certification
        update_course_version update_enrolment_rule update_learning_path update_live_session
    """,
}

FOR_ANYONE = """
    get_did_document read_policy_feed describe_embed get_status_list open_verification check_badge verify_badge
    get_picture get_drawing get_qr_code
"""
"""Answered without credentials."""

NAMES_TO_COLLEAGUES = """
    get_live_session list_live_sessions get_policy_version get_task_team_coverage get_task_team_seat
    list_task_team_members list_task_team_seats
"""
"""Where any colleague reads of others by name: who sits on the task team, hosts a training, or wrote a version."""

NAMES_TO_LIMITED = """
    get_live_session list_live_sessions get_policy_version get_task_team_coverage get_task_team_seat
    list_task_team_seats get_emergency_rule list_emergency_rules
"""
"""Where a key that is limited to departments reads of people in others: who decided what holds for all."""


def asked_by_operation() -> dict[str, list[frozenset[str]]]:
    """Return of each operation the groups of scopes of each of which it asks one."""
    return {
        operation: [frozenset(group.split(" | ")) for group in asked.split(" & ")]
        for asked, operations in ASKED.items()
        for operation in operations.split()
    }
