"""Bad input for the campus room."""

import numpy as np

from tests.bad_input.kinds import array, call, choice, flag, generator, instance, integer, other, real, text
from v2g_nb.campus import (
    Fleet,
    aggregator,
    building,
    certificates,
    equilibrium,
    exact,
    game,
    money,
    protocol,
    selection,
)

T = 96
ZERO = np.zeros(T)
CAMPUS = building.calibrated_campus()
FLEET = Fleet(T, [30, 31], [64, 66], [0.4, 0.5], [0.8, 0.8])
GAME = aggregator.campus_game(CAMPUS, FLEET, 1e-3)
PLAN = FLEET.plug_and_charge()
EQUILIBRIUM = equilibrium.solve_fleet(GAME)
RULES = selection.FleetRules(cars=20)
RECORD = protocol.run_protocol(CAMPUS, FLEET, 1e-3, 1, np.random.default_rng(1))
MONEY = money.settle_before(CAMPUS, FLEET)
day, positive, plan = array(ZERO), real(1e-3, 0.0, open_low=True), array(PLAN)
any_plan = other(PLAN, PLAN[:1], [1.0, 2.0], [[1.0, 2.0], [1.0]])  # NaN must fail as a certificate, not raise
campus, fleet, cars_game, rules = instance(CAMPUS), instance(FLEET), instance(GAME), instance(RULES)
soc = array([0.4, 0.5], 0.2, 1.0)
weights = {"deviation_weight": real(1e-3, 0.0), "soc_weight": real(0.0, 0.0), "hard_target": flag(True)}
share = real(0.6, 0.0, 1.0)

CALLS = [
    call(
        Fleet,
        slots=integer(T, 1),
        arrival=array([30.0, 31.0], 0.0, 95.0),
        departure=array([64.0, 66.0], 1.0, 96.0),
        soc_start=soc,
        soc_target=array([0.8, 0.8], 0.2, 1.0),
        capacity_kwh=array([80.0, 60.0], 0.0, open_low=True),
        power_kw=array([22.0, 11.0], 0.0, open_low=True),
        soc_low=real(0.2, 0.0, 1.0),
        soc_high=real(1.0, 0.2, 1.0, open_low=True),
        hours=real(0.25, 0.0, open_low=True),
    ),
    call(FLEET.state_of_charge, plan_kw=plan),
    call(FLEET.chosen, cars=array([0.0, 1.0], 0.0, 1.0)),
    call(FLEET.storage, hard=flag(False), value_below=real(1.0), value_above=real(0.0).also(2.0)),
    call(
        selection.FleetRules,
        cars=integer(200, 1),
        slots=integer(96, 1),
        arrival_mean=real(32.0, 0.0, 96.0),
        arrival_std=real(4.0, 0.0),
        stay_mean=real(32.0, 10.0, 96.0),
        stay_std=real(5.0, 0.0),
        stay_least=integer(10, 1, 96),
        soc_mean=real(0.4, 0.2, 0.7),
        soc_std=real(0.1, 0.0),
        soc_least=real(0.2, 0.2, 1.0),
        soc_most=real(0.7, 0.2, 1.0),
        soc_target=real(0.8, 0.2, 1.0),
        capacity_kwh=real(80.0, 0.0, open_low=True),
        power_kw=real(22.0, 0.0, open_low=True),
        willing=real(0.8, 0.0, 1.0),
        safety=real(1.2, 0.0, open_low=True),
    ),
    call(RULES.needed, peak_kw=real(206.0, 0.0)),
    call(selection.draw_fleet, rules=rules, rng=generator()),
    call(selection.regulation_window, request_kw=array(CAMPUS.request_kw).also(ZERO)),
    call(selection.select_cars, fleet=fleet, request_kw=array(CAMPUS.request_kw), rules=rules, rng=generator()),
    call(
        game.dynamic_price,
        price_base=positive,
        baseline_kw=array([1.0, 2.0]),
        total_kw=array([1.0, 2.0]),
        request_kw=array([1.0, 2.0]),
    ),
    call(game.FleetGame, fleet=fleet, request_kw=day, baseline_kw=day, price_base=positive, **weights),
    call(GAME.price, total_kw=day),
    call(game.car_costs, game=cars_game, plan_kw=plan, printed=flag(False)),
    call(game.fleet_potential, game=cars_game, plan_kw=plan),
    call(certificates.regret_bounds, game=cars_game, plan_kw=any_plan),
    call(certificates.certify_fleet, game=cars_game, plan_kw=any_plan, tolerance=real(1e-6, 0.0)),
    call(equilibrium.car_best_response, game=cars_game, plan_kw=plan, car=integer(0, 0, 1)),
    call(equilibrium.liebmann, game=cars_game, order=choice("random"), rng=generator(), start_kw=plan),
    call(
        equilibrium.solve_liebmann,
        game=cars_game,
        order=choice("random"),
        rng=generator(),
        tol=real(1e-3, 0.0, open_low=True),
        max_iter=integer(50, 1),
    ),
    call(equilibrium.solve_fleet, game=cars_game, certify=flag(True), start_kw=plan),
    call(
        exact.printed_best_response,
        game=instance(GAME),
        plan_kw=plan,
        car=integer(0, 0, 1),
        tol=real(1e-6, 0.0, open_low=True),
        max_iter=integer(2, 1),
    ),
    call(
        building.Campus,
        load_kw=array(ZERO, 0.0),
        pv_kw=array(ZERO, 0.0),
        grid_price_eur_per_kwh=day,
        request_kw=day,
        baseline_kw=array(ZERO, 0.0),
        peak_price_eur_per_kw=real(0.2, 0.0),
        fee_share=share,
        retail_eur_per_kwh=real(0.4, 0.0),
        hours=real(0.25, 0.0, open_low=True),
    ),
    call(CAMPUS.bill, exchange_kw=day),
    call(building.executed_request, request_kw=array([1.0, 2.0]), total_kw=array([1.0, 2.0])),
    call(
        building.regulation_request,
        load_kw=array([5.0, 1.0, 7.0]),
        pv_kw=array([1.0, 4.0, 0.0]).also([0.0, 0.0, 0.0]),
        first=integer(0, 0, 2),
        stop=integer(3, 1, 3),
    ),
    call(building.calibrated_campus, fee_share=share),
    call(building.real_campus, fee_share=share, surcharge_eur_per_kwh=real(0.16, 0.0)),
    call(building.draw_real_fleet, rules=rules, rng=generator()),
    call(
        money.Money,
        cars_eur=array([1.0, 2.0]),
        discharged_kwh=array([0.0, 0.0], 0.0),
        aggregator_grid_eur=real(1.0),
        building_energy_eur=real(1.0),
        building_peak_eur=real(1.0),
        fee_eur=real(1.0),
    ),
    call(money.settle, campus=campus, game=cars_game, plan_kw=plan),
    call(money.settle_before, campus=campus, fleet=fleet, baseline=choice("plug")),
    call(money.gains, before=instance(MONEY), after=instance(MONEY), wear_eur_per_kwh=real(0.1, 0.0)),
    call(aggregator.campus_game, campus=campus, fleet=fleet, price_base=positive, **weights),
    call(aggregator.profit_slope, campus=campus, game=cars_game, found=instance(EQUILIBRIUM)),
    call(
        aggregator.solve_leader,
        campus=campus,
        fleet=fleet,
        low=real(1e-4, 0.0, open_low=True),
        high=real(1e-2).also(1e-5),
        cap=real(0.72, 0.0, open_low=True),
        points=integer(3, 3),
        **weights,
    ),
    call(
        aggregator.gradient_ascent,
        campus=campus,
        game=cars_game,
        low=real(1e-4, 0.0, open_low=True),
        high=real(1e-2).also(1e-5),
        perturbation=real(1e-5, 0.0, 1e-4, open_low=True, open_high=True),
        rate=real(1e-9, 0.0, open_low=True),
        tol=real(1e-3, 0.0),
    ),
    call(
        protocol.Message,
        sender=text("EV 1").also("Police"),
        receiver=text("EVA").also("EMS"),
        what=text("plan"),
        content=other({"plan_kw": [1.0]}, 7, None, "seven"),
    ),
    call(RECORD.seen_by, agent=text("EMS")),
    call(
        protocol.run_protocol,
        campus=campus,
        fleet=fleet,
        price_base=positive,
        sweeps=integer(1, 1),
        rng=generator(),
    ),
    call(protocol.infer_car, record=instance(RECORD), car=integer(0, 0), hours=real(0.25, 0.0, open_low=True)),
]
