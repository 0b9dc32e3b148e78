# sample_import CICLO FILE DATA [OPTION...]: the sample shop's orders, as README shows it.
sample_import() {
    si_ciclo=$1 si_file=$2 si_data=$3
    shift 3
    "$si_ciclo" import "$si_file" "$si_data" --customer CustomerID --time InvoiceDate \
        --time-format '%Y-%m-%d %H:%M:%S' --zone Europe/London --event purchase \
        --id InvoiceNo --property 'revenue:money=sum(Quantity * UnitPrice)' \
        --property 'items:list=StockCode' --trait 'country=Country' \
        --where 'not (InvoiceNo starts with "C") and Quantity > 0 and UnitPrice > 0' "$@"
}
